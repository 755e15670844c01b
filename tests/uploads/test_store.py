"""What is signed here, at the door of a real store; `make uploads-test` runs these."""

import time
from datetime import timedelta

import httpx
import pytest

from app.core.data import uploads
from tests.uploads import store

pytestmark = [
    pytest.mark.uploads,
    pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning"),  # minio's
]

KEY = "notes/1/picture.png"
FILE = b"0123456789"


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory):
    if missing := store.missing():
        pytest.fail(f"{', '.join(missing)} not found: apt-get install radosgw ceph-mon ceph-osd")
    with store.running(tmp_path_factory.mktemp("ceph")) as endpoint:
        yield endpoint


@pytest.fixture
def app(create, endpoint):
    app = create(
        S3_ENDPOINT=endpoint,
        S3_REGION=store.REGION,
        S3_BUCKET=store.BUCKET,
        S3_ACCESS_KEY=store.ACCESS_KEY,
        S3_SECRET_KEY=store.SECRET_KEY,
    )
    with app.app_context():
        yield app


def send(upload, file=FILE, **changes):
    """Post the form as a browser does, and return the status and the store's word for it."""
    fields = {name: value for name, value in (upload.fields | changes).items() if value is not None}
    answer = httpx.post(upload.url, data=fields, files={"file": ("picture.png", file)}, trust_env=False)
    return answer.status_code, answer.text


def fetch(url):
    return httpx.get(url, trust_env=False)


def other(text):
    """Return the same with another last character."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def test_a_browser_stores_a_file_and_fetches_it_again_to_be_saved(app):
    assert send(uploads.presign_upload(KEY, "image/png", max_bytes=len(FILE)))[0] == 201
    fetched = fetch(uploads.presign_download(KEY))
    assert (fetched.status_code, fetched.content) == (200, FILE)
    assert fetched.headers["Content-Type"] == "image/png"
    assert fetched.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"file": FILE + b"!"}, "EntityTooLarge"),
        ({"file": b""}, "EntityTooSmall"),
        ({"Content-Type": "text/html"}, "Policy condition failed: eq: $Content-Type"),
        ({"Content-Type": None}, "AccessDenied"),
        ({"key": "notes/2/picture.png"}, "Policy condition failed: eq: $key"),
        ({"acl": "public-read"}, "Policy missing condition: acl"),
        ({"x-amz-signature": None}, "Missing aws4 signature"),
    ],
    ids=str,
)
def test_the_store_refuses_what_was_not_signed(app, change, word):
    status, text = send(uploads.presign_upload(KEY, "image/png", max_bytes=len(FILE)), **change)
    assert status in {400, 403}
    assert word in text


@pytest.mark.parametrize("field", ["x-amz-signature", "policy"])
def test_the_store_refuses_a_form_that_was_tampered_with(app, field):
    upload = uploads.presign_upload(KEY, "image/png", max_bytes=len(FILE))
    assert send(upload, **{field: other(upload.fields[field])})[0] in {400, 403}


def test_a_form_ends(app):
    status, text = send(uploads.presign_upload(KEY, "image/png", len(FILE), lifetime=timedelta(seconds=-1)))
    assert (status, "Policy expired" in text) == (403, True)


def test_a_download_needs_its_signature_and_ends(app):
    send(uploads.presign_upload(KEY, "image/png", max_bytes=len(FILE)))
    url = uploads.presign_download(KEY, lifetime=timedelta(seconds=1))
    assert fetch(url.partition("?")[0]).status_code == 403
    assert fetch(other(url)).status_code == 403
    assert fetch(url.replace("picture", "another")).status_code == 403
    deadline = time.monotonic() + 60
    while fetch(url).status_code != 403:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_another_secret_signs_nothing(create, endpoint):
    settings = {"S3_ENDPOINT": endpoint, "S3_REGION": store.REGION, "S3_BUCKET": store.BUCKET}
    app = create(**settings, S3_ACCESS_KEY=store.ACCESS_KEY, S3_SECRET_KEY="of-somebody-else")
    with app.app_context():
        assert send(uploads.presign_upload(KEY, "image/png", max_bytes=len(FILE)))[0] == 403
        assert fetch(uploads.presign_download(KEY)).status_code == 403
