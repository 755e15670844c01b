"""Sharing one server between all who use it."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy

from devtools import DevelopmentError, postgres
from devtools.keeping import state
from devtools.postgres import Server

if TYPE_CHECKING:
    from conftest import Project

Query = Callable[[Server, str], str]

USER = """
import pathlib, sys, time
from devtools import postgres
folder, enough = map(pathlib.Path, sys.argv[1:])
with postgres.running(folder, durable=False) as server:
    print(server.socket_dir, flush=True)
    while not enough.exists():
        time.sleep(0.01)
"""


def test_sqlalchemy_connects_to_the_address_of_a_server(project: "Project") -> None:
    with postgres.running(project.state, durable=False) as server:
        engine = sqlalchemy.create_engine(server.url("postgres"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT current_user")) == "app"
        engine.dispose()


def test_an_address_holds_any_name_of_a_database() -> None:
    url = sqlalchemy.make_url(Server(Path("/tmp/with space")).url("odd name/with?marks"))
    assert (url.database, url.query["host"]) == ("odd name/with?marks", "/tmp/with space")


def test_the_address_holds_whatever_libpq_is_told_by_the_environment(
    project: "Project", query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGHOST": "nowhere", "PGUSER": "nobody"}.items():
        monkeypatch.setenv(name, value)
    with postgres.running(project.state, durable=False) as server:
        assert query(server, "SELECT 1") == "1"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_encoding", "UTF8"),
        ("timezone", "UTC"),
        ("max_connections", "200"),
        ("listen_addresses", ""),
        ("fsync", "off"),
    ],
)
def test_a_server_has_the_settings_of_development(
    shared_server: Server, query: Query, setting: str, value: str
) -> None:
    assert query(shared_server, f"SHOW {setting}") == value


def test_upper_case_exists_for_all_letters(shared_server: Server, query: Query) -> None:
    assert query(shared_server, "SELECT upper('åñç')") == "ÅÑÇ"


def test_a_durable_server_is_what_one_gets_without_asking(project: "Project", query: Query) -> None:
    with postgres.running(project.state) as server:
        settings = [query(server, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")]
    assert settings == ["on", "on", "on"]


def test_a_path_may_be_long_and_contain_spaces_and_quotes(new_project: "Project", query: Query) -> None:
    folder = new_project.folder / ".dev" / ' it\'s "long" ü $HOME ' / ("x" * 120)
    new_project.state = folder
    with postgres.running(folder, durable=False) as server:
        assert query(server, "SELECT 1") == "1"


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(
    project: "Project", query: Query, is_alive: Callable[[int], bool]
) -> None:
    with postgres.running(project.state, durable=False) as first:
        before = (project.keeper(), project.server())
        with postgres.running(project.state, durable=False) as second:
            assert second == first
        assert (project.keeper(), project.server()) == before
        assert query(first, "SELECT 1") == "1"
    assert not any(is_alive(pid) for pid in before)
    assert not first.socket_dir.exists()


def test_eight_first_users_at_once_share_one_server(new_project: "Project") -> None:
    enough = new_project.folder / "enough"
    users = [new_project.start_python("-c", USER, str(new_project.state), str(enough)) for _ in range(8)]
    addresses = {user.stdout.readline() for user in users if user.stdout}
    assert addresses == {f"{state.address(new_project.state)}\n"}
    enough.touch()
    for user in users:
        assert user.wait(timeout=60) == 0
    assert new_project.is_quiet()


def test_a_user_who_comes_while_the_server_stops_waits_for_a_new_one(
    project: "Project", query: Query, until: Callable[[Callable[[], object]], None]
) -> None:
    def use() -> str:
        with postgres.running(project.state, durable=False) as server:
            return query(server, "SELECT 1")

    with ThreadPoolExecutor(2) as threads:
        with ExitStack() as first:
            server = first.enter_context(postgres.running(project.state, durable=False))
            pid = query(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
            os.kill(int(pid), signal.SIGSTOP)  # the server cannot finish without it
            threads.submit(first.pop_all().close)
        until(lambda: "stopping" in (project.state / "data" / "postmaster.pid").read_text())
        second = threads.submit(use)
        assert not second.done()
        os.kill(int(pid), signal.SIGCONT)
        assert second.result(timeout=60) == "1"
    assert project.is_quiet()


def test_data_is_kept_between_runs(project: "Project", query: Query) -> None:
    with postgres.running(project.state) as server:
        query(server, "SELECT 1 FROM (SELECT lo_from_bytea(4711, 'kept')) AS stored")
    with postgres.running(project.state) as server:
        assert query(server, "SELECT convert_from(lo_get(4711), 'UTF8')") == "kept"


def test_a_forked_child_of_a_user_who_left_does_not_keep_the_server(project: "Project") -> None:
    fork = multiprocessing.get_context("fork")
    enough = fork.Event()
    with postgres.running(project.state, durable=False):
        child = fork.Process(target=enough.wait)
        child.start()
    quiet = project.is_quiet()
    enough.set()
    child.join()
    assert quiet


def test_a_state_folder_that_cannot_be_made_is_a_message(project: "Project") -> None:
    (project.folder / "file").touch()
    with (
        pytest.raises(DevelopmentError, match=r"cannot create .*Not a directory"),
        postgres.running(project.folder / "file" / "state"),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: run the tests as a normal user")
def test_a_state_folder_of_another_user_is_a_message(project: "Project") -> None:
    for lock in project.state.glob("*.lock"):
        lock.chmod(0)
    with pytest.raises(DevelopmentError, match="another user"), postgres.running(project.state):
        pass
    for lock in project.state.glob("*.lock"):
        lock.chmod(0o600)
