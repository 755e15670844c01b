"""Removing what the development tools left."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from devtools import clean, postgres, valkey

if TYPE_CHECKING:
    from conftest import Project


def test_cleaning_stops_the_servers_and_removes_their_state(
    new_project: "Project", is_alive: Callable[[int], bool]
) -> None:
    folders = (new_project.state, new_project.valkey)
    with postgres.running(folders[0], durable=False) as database, valkey.running(folders[1]) as redis:
        running = [pid for folder in folders for pid in (new_project.keeper(folder), new_project.server(folder))]
        clean.clean(new_project.folder / ".dev")
        assert not any(is_alive(pid) for pid in running)
        assert not any(server.socket_dir.exists() for server in (database, redis))
    assert not (new_project.folder / ".dev").exists()


def test_cleaning_removes_data_whose_server_was_killed(new_project: "Project") -> None:
    with postgres.running(new_project.state, durable=False):
        for pid in (new_project.keeper(), new_project.server()):
            os.kill(pid, 9)
        clean.clean(new_project.folder / ".dev")
    assert not (new_project.folder / ".dev").exists()


def test_cleaning_needs_nothing_but_the_standard_library(new_project: "Project") -> None:
    new_project.state.mkdir(parents=True)
    command = [sys.executable, "-S", "-m", "devtools.clean", str(new_project.folder / ".dev")]
    subprocess.run(command, cwd=Path(clean.__file__).parents[1], check=True)
    assert not (new_project.folder / ".dev").exists()


def test_there_may_be_nothing_to_clean(new_project: "Project") -> None:
    clean.clean(new_project.folder / ".dev")
