"""Static files, and what is compressed."""

import gzip

import pytest

from tests.nginx.sites import NAME

pytestmark = pytest.mark.nginx


@pytest.fixture(scope="session")
def files(static):
    return sorted(path for path in static.iterdir() if path.suffix != ".gz")


def test_every_exported_file_is_served_as_it_is(site, files):
    assert len(files) >= 3
    for path in files:
        answer = site.get(f"/static/{path.name}")
        assert (answer.status, answer.body) == (200, path.read_bytes())
        assert answer.header("Content-Encoding") is None


def test_who_takes_gzip_gets_the_twin_that_was_compressed_in_advance(site, files):
    if "gzip_static" in site.build.lacks:
        pytest.skip(f"{site.build}: no build of the distributions")
    for path in files:
        answer = site.get(f"/static/{path.name}", Accept_Encoding="gzip")
        assert answer.header("Content-Encoding") == "gzip"
        assert answer.header("Vary") == "Accept-Encoding"
        assert answer.body == path.with_name(f"{path.name}.gz").read_bytes()
        assert gzip.decompress(answer.body) == path.read_bytes()


@pytest.mark.parametrize("path", ["/", "/notes", "/docs", "/v1/ping", "/openapi.json", "/nothing", "/v1/stack/error"])
def test_nothing_of_the_application_is_compressed_for_its_length_would_tell_secrets(site, path):
    answer = site.get(path, Accept_Encoding="gzip, deflate, br")
    assert answer.header("Content-Encoding") is None
    assert len(answer.body) == int(answer.header("Content-Length"))


def test_the_page_of_an_error_is_not_compressed_either(start):
    answer = start().get("/", Accept_Encoding="gzip")
    assert (answer.status, answer.header("Content-Encoding")) == (502, None)


def test_a_page_names_static_files_that_are_there(site):
    page = site.get("/").body.decode()
    names = {word.split('"')[0] for word in page.split("/static/")[1:]}
    assert names
    for name in names:
        assert site.get(f"/static/{name}").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret",
        "/static/%2e%2e/secret",
        "/static..%2fsecret",
        "/static../secret",
        "/static/..%2f..%2fsecret",
    ],
)
def test_no_path_leads_out_of_the_folder(start, path):
    site = start()
    (site.root / "srv/slipway/secret").write_text("secret")
    received = site.raw(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
    assert received.split()[1] in {b"400", b"404", b"502"}
    assert b"secret\n" not in received
    assert not received.endswith(b"secret")


def test_static_files_are_served_while_the_service_is_not(start, files):
    site = start()
    assert site.get("/").status == 502
    assert site.get(f"/static/{files[0].name}").status == 200
