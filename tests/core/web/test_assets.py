import gzip
import re

import pytest
from flask import url_for

from app.core.web import assets


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of static files that a test may change."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "page.js").write_text("first()")
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    return tmp_path


def test_the_name_in_a_page_changes_with_the_content(app, folder):
    with app.test_request_context():
        before = url_for("static", filename="js/page.js")
        (folder / "js" / "page.js").write_text("second() // longer")
        after = url_for("static", filename="js/page.js")
    assert re.fullmatch(r"/static/js/page\.[0-9a-f]{12}\.js", before)
    assert before != after


def test_a_fingerprinted_name_may_be_kept_for_ever(client, folder):
    with client.get(f"/static/{assets.fingerprinted('js/page.js')}") as response:
        assert (response.status_code, response.text) == (200, "first()")
        assert "immutable" in response.headers["Cache-Control"]
        assert "max-age=31536000" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["js/page.js", "js/page.000000000000.js"])
def test_any_other_name_of_the_file_is_asked_for_again_each_time(client, folder, name):
    with client.get(f"/static/{name}") as response:
        assert (response.status_code, response.text) == (200, "first()")
        assert response.headers["Cache-Control"] == "no-cache, max-age=0"


@pytest.mark.parametrize(
    "name",
    [
        "nothing.css",
        "../app/__init__.py",
        "..%2f__init__.py",
        "js",
        "%00",
        "js/page.js/x",
        f"{'a' * 300}.0123456789ab.css",
        "%00.0123456789ab.css",
    ],
)
def test_what_is_no_static_file_is_not_found(client, folder, name):
    with client.get(f"/static/{name}") as response:
        assert response.status_code == 404


def test_no_file_outside_the_folder_is_ever_read(client, folder, monkeypatch):
    (folder.parent / "secret.txt").write_text("hunter2")
    read = []
    monkeypatch.setattr(assets, "_fingerprint", lambda path, _modified: read.append(path) or "0123456789ab")
    assert client.get("/static/../secret.0123456789ab.txt").status_code == 404
    assert client.get("/static/%2e%2e%2fsecret.0123456789ab.txt").status_code == 404
    assert read == []


def test_the_export_holds_each_file_as_pages_name_it_and_a_gzip_twin_of_text(app, folder, tmp_path_factory):
    destination = tmp_path_factory.mktemp("public")
    for _ in range(2):  # writing again changes nothing
        result = app.test_cli_runner().invoke(args=["assets", "export", str(destination)])
        assert result.output == f"2 static files written to {destination}\n"
    written = {str(path.relative_to(destination)): path.read_bytes() for path in destination.rglob("*.*")}
    script, picture = assets.fingerprinted("js/page.js"), assets.fingerprinted("dot.png")
    assert set(written) == {script, f"{script}.gz", picture}
    assert gzip.decompress(written[f"{script}.gz"]) == written[script] == b"first()"
