"""docker-compose.dev.yml: the code of the folder is what runs, and what is written there belongs to who works there."""

import os
import shutil

import httpx
import pytest

from tests.containers.compose.conftest import standing
from tests.containers.compose.stack import Stack, until

pytestmark = pytest.mark.docker

SOMEBODY = 4321


@pytest.fixture(scope="module")
def development(engine, image, edge_image, clone, tmp_path_factory):
    """The stack on a clone of its own that belongs to somebody who is neither root nor 1000."""
    folder = shutil.copytree(clone, tmp_path_factory.mktemp("development") / "clone")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
    with standing(Stack(engine, folder, (image, edge_image), override=["docker-compose.dev.yml"])) as stack:
        stack.environ |= {"DEV_UID": str(SOMEBODY), "DEV_GID": str(SOMEBODY)}
        stack.up()
        yield stack


def test_a_change_of_the_code_is_live(development):
    operation = development.folder / "app/features/ping/routes.py"
    code = operation.read_text()
    assert "pong" in code
    operation.write_text(code.replace("pong", "changed"))
    try:
        until(lambda: "changed" in httpx.get(f"{development.url}/v1/ping", trust_env=False).text)
    finally:
        operation.write_text(code)
    until(lambda: "pong" in httpx.get(f"{development.url}/v1/ping", trust_env=False).text)


def test_a_change_of_a_style_is_live_though_the_edge_has_another(development):
    [style] = development.folder.glob("app/static/*.css")
    style.write_text(style.read_text() + "\n/* of the test */\n")

    def shown():
        page = httpx.get(development.url, headers={"Accept": "text/html"}, trust_env=False).text
        [name] = {word for word in page.split('"') if word.startswith("/static/") and word.endswith(".css")}
        return httpx.get(development.url + name, trust_env=False).text

    until(lambda: "/* of the test */" in shown())


def test_what_a_command_writes_belongs_to_who_works_there(development):
    before = set(development.folder.glob("migrations/versions/*.py"))
    development.run("web", "flask", "db", "revision", "--message", "of the test")
    [made] = set(development.folder.glob("migrations/versions/*.py")) - before
    assert (made.stat().st_uid, made.stat().st_gid) == (SOMEBODY, SOMEBODY)
    made.unlink()


def test_nothing_else_was_written_by_anybody_else(development):
    assert {path.stat().st_uid for path in development.folder.rglob("*")} == {SOMEBODY}


def test_settings_that_are_no_good_end_it_with_78_and_it_stays_ended(development):
    (development.folder / ".env").write_text("WEB_THREADS=none\n")
    try:
        result = development.compose("up", "--detach", "--wait", "--no-build", check=False)
    finally:
        (development.folder / ".env").unlink()
    assert "exit 78" in result.stderr
    assert development.services()["check"] == ("exited", 78)
    assert "WEB_THREADS" in development.logs("check")
    assert development.engine.inspect(development.container("check"))["RestartCount"] == 0
