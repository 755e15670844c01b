"""A private Valkey: shared while anyone uses it, gone after the last, with its data there again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from flask_caching.backends.rediscache import RedisCache
from limits.storage import storage_from_string
from redis import Redis
from rq import Queue

from devtools import DevelopmentError, valkey
from devtools.keeping import account, state
from devtools.valkey import Server

if TYPE_CHECKING:
    from conftest import Project

Until = Callable[[Callable[[], object]], None]
IsAlive = Callable[[int], bool]
Connect = Callable[[Server], Redis]

WAIT = ("sh", "-c", "touch started; exec sleep 300")
ONLY_VALKEY = {"DATABASE_URL": "postgresql://elsewhere/app"}


@pytest.fixture
def connect() -> Iterator[Connect]:
    clients: list[Redis] = []

    def connect(server: Server) -> Redis:
        clients.append(Redis.from_url(server.url(), decode_responses=True))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.mark.parametrize(("arguments", "appendonly"), [({}, "yes"), ({"durable": False}, "no")])
def test_a_server_has_the_settings_of_development(
    new_project: "Project", connect: Connect, arguments: dict[str, bool], appendonly: str
) -> None:
    with valkey.running(new_project.valkey, **arguments) as server:
        found = [connect(server).config_get(name)[name] for name in ("port", "maxmemory-policy", "save", "appendonly")]
    assert found == ["0", "noeviction", "", appendonly]  # one by one: Redis 6.2 knows no other way


def test_a_path_may_be_long_and_contain_spaces_and_quotes(new_project: "Project", connect: Connect) -> None:
    folder = new_project.valkey = new_project.folder / ".dev" / ' it\'s "long" ü $HOME ' / ("x" * 120)
    for expected in (1, 2):
        with valkey.running(folder) as server:
            assert connect(server).incr("counted") == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else: run the tests as root")
def test_a_server_that_root_starts_does_not_run_as_root(new_project: "Project") -> None:
    with valkey.running(new_project.valkey, durable=False):
        pid = new_project.server(new_project.valkey)
        owner = subprocess.check_output(["ps", "-o", "user=", "-p", str(pid)], text=True)
    assert owner.strip() == account.STAND_IN


def test_every_library_of_the_service_takes_the_address(new_project: "Project", connect: Connect) -> None:
    with valkey.running(new_project.valkey, durable=False) as server:
        client = connect(server)
        Queue(connection=client).enqueue(print, "later")
        assert client.exists("rq:queue:default")
        limits = storage_from_string(f"redis+{server.url()}")  # `limits` has a name of its own for sockets
        assert limits.incr("counted", expiry=60) == 1
        limits.storage.close()
        assert client.exists("LIMITS:counted")
        cache = RedisCache.factory(None, {"CACHE_REDIS_URL": server.url()}, [], {"key_prefix": "cache:"})
        assert cache.set("kept", "value")
        cache._write_client.close()
        assert client.exists("cache:kept")


def test_each_number_is_a_database_of_its_own(new_project: "Project", connect: Connect) -> None:
    with valkey.running(new_project.valkey, durable=False) as server, Redis.from_url(server.url(3)) as other:
        connect(server).set("here", "1")
        assert (other.dbsize(), connect(server).dbsize()) == (0, 1)


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(
    new_project: "Project", connect: Connect, is_alive: IsAlive
) -> None:
    folder = new_project.valkey
    with valkey.running(folder, durable=False) as first:
        before = (new_project.keeper(folder), new_project.server(folder))
        with valkey.running(folder, durable=False) as second:
            assert second == first
        assert (new_project.keeper(folder), new_project.server(folder)) == before
        assert connect(first).ping()
    assert not any(is_alive(pid) for pid in before)
    assert not first.socket_dir.exists()


def test_a_killed_user_leaves_no_server(new_project: "Project", until: Until, is_alive: IsAlive) -> None:
    user = new_project.start(*WAIT, **ONLY_VALKEY)
    until((new_project.folder / "started").exists)
    left = (new_project.keeper(new_project.valkey), new_project.server(new_project.valkey))
    user.kill()
    until(lambda: not any(is_alive(pid) for pid in left))
    assert state.address(new_project.valkey) is None


def test_a_job_that_waits_is_there_again_at_the_next_run(new_project: "Project") -> None:
    program = "import os, redis, rq; queue = rq.Queue(connection=redis.Redis.from_url(os.environ['REDIS_URL']));"
    put = "queue.enqueue(print, 'later')"
    look = "print(queue.count)"
    for command in (put, look):
        seen = new_project.run("python", "-c", program + command, **ONLY_VALKEY)
        assert (seen.returncode, seen.stderr.count("Traceback")) == (0, 0), seen.stderr
    assert seen.stdout == "1\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a server that its keeper is gone")
def test_data_survives_the_death_of_every_process(
    new_project: "Project", connect: Connect, until: Until, is_alive: IsAlive
) -> None:
    folder = new_project.valkey
    with valkey.running(folder) as server:
        connect(server).set("kept", "value")
        killed = (new_project.server(folder), new_project.keeper(folder))
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(is_alive(pid) for pid in killed))
        with valkey.running(folder) as again:
            assert connect(again).get("kept") == "value"
    assert new_project.is_quiet()


def test_data_is_in_the_one_format_that_valkey_and_redis_share(
    new_project: "Project", connect: Connect, until: Until
) -> None:
    with valkey.running(new_project.valkey) as server:
        client = connect(server)
        client.set("kept", "value")
        client.bgrewriteaof()
        until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    written = [path.name for path in new_project.valkey.rglob("appendonly.aof.*")]
    assert written
    assert not [name for name in written if name.endswith(".rdb")]


def test_nothing_is_kept_without_durability(new_project: "Project", connect: Connect) -> None:
    with valkey.running(new_project.valkey, durable=False) as server:
        connect(server).set("lost", "value")
    with valkey.running(new_project.valkey, durable=False) as server:
        assert connect(server).dbsize() == 0


def test_a_frozen_server_is_stopped_too(new_project: "Project") -> None:
    with valkey.running(new_project.valkey, durable=False):
        os.kill(new_project.server(new_project.valkey), signal.SIGSTOP)
    assert new_project.is_quiet()


def test_data_that_cannot_be_read_is_a_message_with_the_end_of_the_log(new_project: "Project") -> None:
    with valkey.running(new_project.valkey):
        pass
    for manifest in (new_project.valkey / "data").rglob("*.manifest"):
        manifest.write_text("nonsense\n")
    with (
        pytest.raises(DevelopmentError, match=r"(?s)Valkey did not start.*manifest"),
        valkey.running(new_project.valkey),
    ):
        pass
    assert new_project.is_quiet()


@pytest.mark.usefixtures("as_root")
def test_data_of_another_owner_is_a_message_that_names_both(new_project: "Project") -> None:
    data = new_project.valkey / "data"
    data.mkdir(parents=True)
    os.chown(data, 12345, -1)
    with pytest.raises(DevelopmentError, match=r"number 12345, and Valkey would run as nobody.*make clean"):  # noqa: SIM117
        with valkey.running(new_project.valkey):
            pass
