"""docs/tutorial.md, followed from beginning to end in a copy of the tree."""

import os
import socket

import pytest

from tests.conftest import PROJECT
from tests.copies import copied
from tests.documentation.walk import APART, ELSEWHERE, Reader, blocks

PAGE = (PROJECT / "docs/tutorial.md").read_text()
KINDS = {"console", "html", "python", "sh"}
AS_SOMEBODY = {
    f"GIT_{who}_{what}": text
    for who in ("AUTHOR", "COMMITTER")
    for what, text in (("NAME", "test"), ("EMAIL", "test@example.org"))
}

pytestmark = pytest.mark.skipif((PROJECT / "app/features/bookmarks").exists(), reason="it has been followed already")


def test_every_block_says_what_a_reader_does_with_it():
    for block in blocks(PAGE):
        assert block.kind in KINDS, block
        if block.kind in {"python", "html"}:
            assert block.title, block
        else:
            assert block.title in {None, APART, ELSEWHERE}, block
    assert sum(block.title == ELSEWHERE for block in blocks(PAGE)) == 1


@pytest.mark.skipif(not (PROJECT / "docs/deploy-vps.md").exists(), reason="this service knows no VPS")
def test_what_is_done_on_the_server_is_what_its_guide_says():
    [there] = [block.text for block in blocks(PAGE) if block.title == ELSEWHERE]
    assert there in (PROJECT / "docs/deploy-vps.md").read_text()


@pytest.fixture
def ports():
    """Two ports in a row that are free, in place of those on the page."""
    for port in range(18_300, 19_300, 2):
        try:
            with socket.create_server(("127.0.0.1", port)), socket.create_server(("127.0.0.1", port + 1)):
                return {"8300": str(port), "8301": str(port + 1)}
        except OSError:
            continue
    raise AssertionError("no port is free")


@pytest.mark.docs
def test_whoever_follows_it_has_what_it_promises(tmp_path, ports):
    copy = copied(tmp_path / "slipway")
    (copy / ".venv").symlink_to(PROJECT / ".venv")
    own = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL", "APP_ENV"}}
    reader = Reader(copy, {**own, **AS_SOMEBODY})
    page = PAGE
    for written, free in ports.items():
        page = page.replace(written, free)
    try:
        for block in blocks(page):
            if block.title != ELSEWHERE:
                reader.follow(block)
    finally:
        reader.stop()
