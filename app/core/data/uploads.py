"""Uploads by presigned addresses: a browser sends its file to an S3-compatible store itself, within what we signed.

Nothing passes through the service or touches its disk, and signing asks nobody:
the store is needed by the browser only. Off unless the settings `S3_*` name one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

if TYPE_CHECKING:
    from minio import Minio

UPLOAD_TIME = timedelta(minutes=5)
DOWNLOAD_TIME = timedelta(minutes=5)

_KEY = re.compile(r"[A-Za-z0-9!_.*'()/-]{1,1024}", re.ASCII)  # what the S3 guide calls safe; no ${filename}


@dataclass(frozen=True)
class Upload:
    """A form that a browser posts as multipart/form-data: all `fields` first, then the file as `file`."""

    url: str
    fields: dict[str, str]


def init_app(app: Flask) -> None:
    """Prepare a client of the store, where one is configured; it connects to nothing."""
    if not app.config["S3_ENDPOINT"]:
        return
    from minio import Minio  # noqa: PLC0415  it comes with the extra `uploads`

    scheme, _, host = app.config["S3_ENDPOINT"].partition("://")
    client = Minio(
        host,
        app.config["S3_ACCESS_KEY"],
        app.config["S3_SECRET_KEY"],
        secure=scheme == "https",
        region=app.config["S3_REGION"],  # else it would be asked for, over the network
    )
    # One origin for every address: that of S3_ENDPOINT, which the Content-Security-Policy allows.
    client.disable_virtual_style_endpoint()  # type: ignore[no-untyped-call]
    client.disable_dualstack_endpoint()  # type: ignore[no-untyped-call]
    app.extensions["uploads"] = client


def presign_upload(key: str, content_type: str, max_bytes: int, lifetime: timedelta = UPLOAD_TIME) -> Upload:
    """Return what a browser needs to store one file as `key`, of this type and from 1 to `max_bytes` long.

    The store enforces all three, and the end of `lifetime`. The type is what the
    browser claims. Who knows the key of another's object can overwrite it: make
    keys here (`uuid4`), never of what a user sent. Raises `ValueError` for a key
    with other characters than the safe ones of S3.
    """
    from minio.datatypes import PostPolicy  # noqa: PLC0415  as above

    client = _client()
    conditions = {"key": _checked(key), "Content-Type": content_type, "success_action_status": "201"}
    policy: Any = PostPolicy(current_app.config["S3_BUCKET"], datetime.now(UTC) + lifetime)
    for name, value in conditions.items():
        policy.add_equals_condition(name, value)
    policy.add_content_length_range_condition(1, max_bytes)
    url = f"{current_app.config['S3_ENDPOINT']}/{current_app.config['S3_BUCKET']}"
    return Upload(url, conditions | client.presigned_post_policy(policy))


def presign_download(key: str, lifetime: timedelta = DOWNLOAD_TIME) -> str:
    """Return an address under which anybody can fetch `key` until `lifetime` is over; it is saved, not shown.

    A user's file is never opened in the browser as a page of the store's origin.
    """
    as_file: Any = {"response-content-disposition": "attachment"}
    return _client().presigned_get_object(current_app.config["S3_BUCKET"], _checked(key), lifetime, as_file)


def _client() -> "Minio":
    client: Minio | None = current_app.extensions.get("uploads")
    if client is None:
        raise RuntimeError("uploads are off: no store is configured (S3_ENDPOINT)")
    return client


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key) or any(part in {"", ".", ".."} for part in key.split("/")):
        raise ValueError("not a key: letters, digits and !_.*'()- in parts separated by /")
    return key
