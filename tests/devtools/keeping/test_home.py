"""Data of a root who works where the server's account cannot enter."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devtools import DevelopmentError, clean, postgres
from devtools.keeping import account, home
from devtools.postgres import Server

if TYPE_CHECKING:
    from conftest import Project

Query = Callable[[Server, str], str]

pytestmark = pytest.mark.usefixtures("as_root")


@pytest.fixture
def closed(new_project: "Project") -> Iterator["Project"]:
    new_project.folder.chmod(0o700)
    new_project.state.mkdir(parents=True)
    yield new_project
    home.remove(new_project.state)


def _elsewhere(project: "Project") -> Path:
    return (project.state / home.LINK).readlink()


def test_the_data_is_kept_elsewhere_until_it_is_cleaned(closed: "Project", query: Query) -> None:
    for _again in range(2):
        with postgres.running(closed.state, durable=False) as server:
            data = Path(query(server, "SHOW data_directory"))
    elsewhere = _elsewhere(closed)
    assert data == elsewhere / "data"
    assert (elsewhere.stat().st_mode & 0o7777, elsewhere.stat().st_uid) == (0o710, 0)
    clean.clean(closed.folder / ".dev")
    assert not elsewhere.exists()


def test_a_moved_checkout_finds_its_data(closed: "Project") -> None:
    before = home.find(closed.state, account.of_server())
    moved = closed.state.rename(closed.state.with_name("moved"))
    assert home.find(moved, account.of_server()) == before
    home.remove(moved)
    assert not before.exists()


def test_a_copied_checkout_leaves_the_data_of_its_original_alone(closed: "Project") -> None:
    original = home.find(closed.state, account.of_server())
    copy = Path(shutil.copytree(closed.state, closed.state.with_name("copy"), symlinks=True))
    assert home.find(copy, account.of_server()) != original
    home.remove(copy)
    assert original.exists()


@pytest.mark.parametrize("owner", [0, 65534])
def test_a_link_in_the_place_of_the_private_directory_is_refused(closed: "Project", owner: int) -> None:
    squatted = home._default(closed.state)  # what a stranger could compute as well
    squatted.symlink_to(closed.folder)
    os.chown(squatted, owner, owner, follow_symlinks=False)
    with pytest.raises(DevelopmentError, match="was not made by these tools"):
        home.find(closed.state, account.of_server())
    squatted.unlink()


def test_a_private_directory_of_somebody_else_is_refused(closed: "Project") -> None:
    squatted = home._default(closed.state)  # what a stranger could compute as well
    squatted.mkdir()
    os.chown(squatted, 12345, -1)
    with pytest.raises(DevelopmentError, match="number 12345"):
        home.find(closed.state, account.of_server())
    squatted.rmdir()
