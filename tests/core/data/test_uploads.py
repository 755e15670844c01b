import base64
import json
import socket
import subprocess
import sys

import pytest

from app.config import ConfigError, load_config
from app.core.data import uploads
from tests.conftest import PROJECT, TESTING

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # minio's

STORE = {
    "S3_ENDPOINT": "https://s3.example.org",
    "S3_REGION": "eu-central-1",
    "S3_BUCKET": "files",
    "S3_ACCESS_KEY": "AKIAEXAMPLE",
    "S3_SECRET_KEY": "canary-of-the-store",
}
OFF = """
import sys
from app import create_app
assert create_app().test_client().get("/v1/ping").status_code == 200
print([name for name in sys.modules if name.partition(".")[0] == "minio"])
"""


@pytest.fixture
def app(create):
    app = create(**STORE)
    with app.app_context():
        yield app


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args):
        raise AssertionError("signing asked somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_nothing_of_it_is_imported_when_it_is_off():
    command = [sys.executable, "-c", OFF]
    result = subprocess.run(command, cwd=PROJECT, env=TESTING, capture_output=True, text=True, check=False)
    assert result.stdout.splitlines()[-1:] == ["[]"], result.stderr


def test_a_feature_that_uses_it_without_a_store_is_told_what_is_missing(create):
    with create().app_context(), pytest.raises(RuntimeError, match="S3_ENDPOINT"):
        uploads.presign_download("a")


@pytest.mark.parametrize("missing", STORE)
def test_a_store_that_is_half_configured_is_refused_by_name(missing):
    with pytest.raises(ConfigError) as refused:
        load_config(TESTING | STORE | {missing: ""})
    given = "S3_REGION" if missing == "S3_ENDPOINT" else "S3_ENDPOINT"
    assert refused.value.problems == {missing: f"missing; {given} is set, and all five go together"}


def test_a_store_without_tls_is_refused_where_the_service_has_it():
    with pytest.raises(ConfigError) as refused:
        load_config(TESTING | STORE | {"S3_ENDPOINT": "http://s3.example.org", "PUBLIC_URL": "https://example.org"})
    assert list(refused.value.problems) == ["S3_ENDPOINT"]


def test_the_secret_may_be_a_file_and_is_known_as_a_secret(tmp_path):
    (tmp_path / "key").write_text("canary-of-the-file\n")
    config = load_config(TESTING | STORE | {"S3_SECRET_KEY": "", "S3_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert "canary-of-the-file" in config.SECRET_VALUES


def test_a_form_names_exactly_what_was_asked_for_and_no_secret(app, no_network):
    upload = uploads.presign_upload("notes/1/picture.png", "image/png", max_bytes=1000)
    assert upload.url == "https://s3.example.org/files"
    policy = json.loads(base64.b64decode(upload.fields["policy"]))
    assert ["eq", "$bucket", "files"] in policy["conditions"]
    assert ["eq", "$key", "notes/1/picture.png"] in policy["conditions"]
    assert ["eq", "$Content-Type", "image/png"] in policy["conditions"]
    assert ["content-length-range", 1, 1000] in policy["conditions"]
    assert STORE["S3_SECRET_KEY"] not in str(upload) + str(policy)


@pytest.mark.parametrize("endpoint", [STORE["S3_ENDPOINT"], "https://s3.eu-central-1.amazonaws.com"])
def test_every_address_is_of_the_endpoints_origin(create, no_network, endpoint):
    with create(**STORE | {"S3_ENDPOINT": endpoint}).app_context():
        assert uploads.presign_upload("a", "image/png", 1).url == f"{endpoint}/files"
        assert uploads.presign_download("a/b").startswith(f"{endpoint}/files/a/b?")


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/./b", "${filename}", "a b", "ä", "a\n", "a" * 1025])
def test_a_key_that_could_mean_something_else_is_refused(app, key):
    with pytest.raises(ValueError, match="not a key"):
        uploads.presign_upload(key, "image/png", 1)
    with pytest.raises(ValueError, match="not a key"):
        uploads.presign_download(key)


def test_pages_may_send_to_the_store_and_to_no_other_origin(app, create):
    def policy(app):
        header = app.test_client().get("/").headers["Content-Security-Policy"]
        return dict(directive.split(maxsplit=1) for directive in header.split("; "))

    opened = policy(app)
    assert opened["connect-src"] == opened["form-action"] == "'self' https://s3.example.org"
    closed = policy(create())
    assert closed["connect-src"] == closed["form-action"] == "'self'"
    assert {name for name in opened if opened[name] != closed[name]} <= {
        "connect-src",
        "form-action",
        "script-src",
        "style-src",
    }
