"""Data directories that cannot be used as they are."""

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devtools import postgres
from devtools.keeping import account, state
from devtools.postgres import Server, binaries

if TYPE_CHECKING:
    from conftest import Project

WHO = account.of_server()
MAJOR = str(binaries.find(WHO, Path(os.devnull)).major)

Until = Callable[[Callable[[], object]], None]


def test_an_initdb_that_was_killed_half_way_is_made_up_for(
    new_project: "Project", until: Until, query: Callable[[Server, str], str]
) -> None:
    new_project.start("true")
    until((new_project.state / "data.new" / "base").exists)
    os.kill(new_project.keeper(), signal.SIGKILL)
    with postgres.running(new_project.state, durable=False) as server:
        assert query(server, "SELECT 1") == "1"
    assert not (new_project.state / "data.new").exists()


def test_data_of_another_major_version_is_a_message_that_says_what_to_do(new_project: "Project") -> None:
    _data(new_project, "9")
    result = new_project.run("true")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    _only_message(result.stderr, ["was made by PostgreSQL 9", "DEV_POSTGRES_BIN", "make clean"])


@pytest.mark.usefixtures("as_root")
def test_data_of_another_owner_is_a_message_that_names_both(new_project: "Project") -> None:
    os.chown(_data(new_project, MAJOR), 12345, -1)
    result = new_project.run("true")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    _only_message(result.stderr, ["belongs to number 12345", "as nobody", "make clean"])


def test_a_server_that_does_not_start_shows_the_end_of_its_log(new_project: "Project") -> None:
    (_data(new_project, MAJOR) / "postgresql.conf").write_text("nonsense = 1\n")
    result = new_project.run("true")
    assert result.returncode == 1
    _only_message(result.stderr, ["PostgreSQL did not start", 'unrecognized configuration parameter "nonsense"'])
    assert new_project.is_quiet()
    assert not [name for name in (state.ADDRESS, state.NEXT_ADDRESS) if (new_project.state / name).is_symlink()]


def _data(project: "Project", version: str) -> Path:
    """Make a data directory in which there is little."""
    data = project.state / "data"
    data.mkdir(parents=True, mode=0o700)
    (data / "PG_VERSION").write_text(f"{version}\n")
    os.chown(data, WHO.identity["user"], WHO.identity["group"])
    return data


def _only_message(errors: str, parts: Iterable[str]) -> None:
    assert errors.startswith("devtools: ")
    assert "Traceback" not in errors
    assert [part for part in parts if part not in errors] == []
