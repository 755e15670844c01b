"""Killed users, servers and keepers."""

import os
import signal
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

from devtools import locks, postgres
from devtools.keeping import account, state
from devtools.postgres import Server

if TYPE_CHECKING:
    from conftest import Project

Query = Callable[[Server, str], str]
Until = Callable[[Callable[[], object]], None]
IsAlive = Callable[[int], bool]

WAIT = ("sh", "-c", "touch started; exec sleep 300")


def test_a_killed_user_leaves_no_server(project: "Project", until: Until, is_alive: IsAlive) -> None:
    user = project.start(*WAIT)
    until((project.folder / "started").exists)
    left = (project.keeper(), project.server())
    user.kill()
    until(lambda: not any(is_alive(pid) for pid in left))
    assert state.address(project.state) is None


def test_a_user_killed_during_the_start_leaves_no_server(new_project: "Project", until: Until) -> None:
    user = new_project.start("true")
    until((new_project.state / "data.new").exists)
    user.kill()
    until(new_project.is_quiet)


def test_the_other_users_of_a_killed_one_keep_the_server(project: "Project", until: Until, query: Query) -> None:
    with postgres.running(project.state, durable=False) as server:
        user = project.start(*WAIT)
        until((project.folder / "started").exists)
        user.kill()
        user.wait()
        assert query(server, "SELECT 1") == "1"
    assert project.is_quiet(project.state)


def test_a_killed_server_is_started_again_for_the_next_user(
    project: "Project", query: Query, until: Until, is_alive: IsAlive
) -> None:
    with postgres.running(project.state):
        killed = project.server()
        os.kill(killed, signal.SIGKILL)
        until(lambda: not is_alive(killed))
        with postgres.running(project.state) as server:
            assert query(server, "SELECT 1") == "1"
    assert project.is_quiet()


def test_the_server_of_a_killed_keeper_makes_way_for_the_next(
    project: "Project", query: Query, until: Until, is_alive: IsAlive
) -> None:
    with postgres.running(project.state) as orphan:
        killed, its_server = project.keeper(), project.server()
        os.kill(killed, signal.SIGKILL)
        until(lambda: not is_alive(killed) and not locks.is_held(project.state / state.KEEPER))
        with postgres.running(project.state) as server:
            assert query(server, "SELECT 1") == "1"
            assert not is_alive(its_server)
            assert not orphan.socket_dir.exists()
    assert project.is_quiet()


def test_a_process_id_left_by_a_lost_server_may_belong_to_another_process(project: "Project", query: Query) -> None:
    who = account.of_server()
    stranger = subprocess.Popen(["sleep", "300"], cwd="/", **who.identity)
    # What a crash of the machine leaves: the file of the server that ran, whose number somebody else has now.
    with postgres.running(project.state):
        left = (project.state / "data" / "postmaster.pid").read_text().splitlines()
    (project.state / "data" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *left[1:]]))
    state.note_server(project.state, stranger.pid, signal.SIGINT)
    try:
        with postgres.running(project.state) as server:
            assert query(server, "SELECT 1") == "1"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_frozen_server_is_stopped_too(project: "Project") -> None:
    with postgres.running(project.state):
        os.kill(project.server(), signal.SIGSTOP)
    assert project.is_quiet()


def test_a_keeper_that_is_asked_to_end_stops_its_server(project: "Project", until: Until) -> None:
    with postgres.running(project.state):
        os.kill(project.keeper(), signal.SIGTERM)
        until(project.is_quiet)
