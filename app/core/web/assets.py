"""Static files under names that change with their content, so that they may be kept for ever.

`url_for("static", filename="app.css")` yields `/static/app.3f2a9c1b7e5d.css`.
The application serves such names itself in development; in production the proxy
serves the folder that `flask assets export` writes, gzip twins included.
"""

import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, send_from_directory
from flask.cli import AppGroup
from werkzeug.security import safe_join

from app.core.web.access import public

FOLDER = Path(__file__).parents[2] / "static"
A_YEAR = 31_536_000

_FINGERPRINTED = re.compile(r"(?P<stem>.+)\.(?P<fingerprint>[0-9a-f]{12})(?P<suffix>\.[a-z0-9]+)")

commands = AppGroup("assets", help="Static files.")


def init_app(app: Flask) -> None:
    """Publish `/static/` and have `url_for` add the fingerprint."""
    app.add_url_rule("/static/<path:filename>", "static", serve)
    app.url_defaults(_fingerprint_name)
    app.cli.add_command(commands)


@public
def serve(filename: str) -> Response:
    """Send a file; for ever if the name carries the fingerprint of its present content."""
    match = _FINGERPRINTED.fullmatch(filename)
    plain = match["stem"] + match["suffix"] if match else filename
    current = match is not None and filename == fingerprinted(plain)
    response = send_from_directory(FOLDER, plain, max_age=A_YEAR if current else 0)
    response.cache_control.immutable = current
    return response


def fingerprinted(filename: str) -> str:
    """Return the public name of a static file, or the name as it is when there is no such file."""
    path = safe_join(str(FOLDER), filename)
    if path is None:  # a name that leads out of the folder
        return filename
    try:
        fingerprint = _fingerprint(Path(path), Path(path).stat().st_mtime_ns)
    except (OSError, ValueError):
        return filename
    return str(Path(filename).with_suffix(f".{fingerprint}{Path(filename).suffix}"))


@lru_cache(maxsize=256)
def _fingerprint(path: Path, _modified_ns: int) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:12]


def _fingerprint_name(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        values["filename"] = fingerprinted(values["filename"])


@commands.command()
@click.argument("destination", type=click.Path(path_type=Path))
def export(destination: Path) -> None:
    """Write every static file to DESTINATION under its fingerprinted name, with a gzip twin beside it."""
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file())
    for path in files:
        target = destination / fingerprinted(str(path.relative_to(FOLDER)))
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        target.write_bytes(content)
        if target.suffix in {".css", ".js", ".svg", ".json", ".txt", ".map"}:
            # No time stamp inside: the same content gives the same bytes.
            target.with_name(f"{target.name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    click.echo(f"{len(files)} static files written to {destination}")
