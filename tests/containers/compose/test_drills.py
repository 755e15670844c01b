"""What goes wrong while visitors are there: what they notice, and that it mends by itself."""

import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.containers.compose.load import visited
from tests.containers.compose.stack import until

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def _ready_again(stack):
    """Leave the stack as it was found: what stands still is started, and it is ready."""
    yield
    stack.settle()


def kill_by_the_kernel(stack, container):
    """Have the first process of a container end as by a crash; `docker kill` would count as wanted."""
    pid = stack.engine.inspect(container)["State"]["Pid"]
    as_root = ["--pid=host", "--user=0:0", "--cap-drop=ALL", "--cap-add=KILL", "--network=none"]
    code = f"import os; os.kill({pid}, 9)"
    stack.engine("run", "--rm", *as_root, stack.image, "python", "-c", code)


def started(stack, service):
    return stack.engine.inspect(stack.container(service))["State"]["StartedAt"]


@contextmanager
def locked(stack):
    """Have whoever reads or writes notes wait for as long as the block lasts."""
    command = [stack.engine.program, "exec", "--interactive", stack.container("postgres"), "psql", "--quiet", "slipway"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as psql:
        psql.stdin.write("BEGIN; LOCK TABLE notes IN ACCESS EXCLUSIVE MODE;\n")
        psql.stdin.flush()
        until(lambda: stack.sql("SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass AND granted") == "1")
        yield
        psql.stdin.close()


def waiting(stack):
    return int(stack.sql("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'notes'::regclass"))


def test_a_web_that_crashes_is_started_again_and_visitors_get_502_or_503_meanwhile(stack, say):
    container, before = stack.container("web"), started(stack, "web")
    with visited(stack.url) as load:
        until(lambda: len(load.got) > 50)
        kill_by_the_kernel(stack, container)
        until(lambda: load.failed)
        until(lambda: load.got[-1][1] == 200)
    say(load)
    assert stack.container("web") == container
    assert started(stack, "web") != before
    assert set(load.failed) <= {502, 503, 504}


def test_a_web_that_somebody_kills_stays_down_until_somebody_starts_it(stack):
    stack.engine("kill", stack.container("web"))
    until(lambda: stack.status("/v1/ping") == 502)
    assert stack.services()["web"] == ("exited", 137)
    stack.settle()
    assert stack.status("/v1/ping") == 200


def test_while_postgresql_is_away_the_service_is_not_ready_and_afterwards_is_again_by_itself(stack, say):
    web, before = stack.container("web"), started(stack, "web")
    location = stack.write("before")
    stack.compose("stop", "postgres")
    until(lambda: stack.status("/readyz") == 503)
    assert stack.status("/healthz") == 200
    assert stack.read(location).status_code == 503
    stack.compose("start", "postgres")
    until(lambda: stack.status("/readyz") == 200)
    assert stack.read(location).json()["title"] == "before"
    assert (stack.container("web"), started(stack, "web")) == (web, before)


def test_while_redis_is_away_the_service_answers_and_says_that_it_is_degraded(stack):
    location = stack.write("before")
    stack.compose("stop", "redis")
    until(lambda: "degraded" in httpx.get(f"{stack.url}/readyz", trust_env=False).text)
    assert stack.status("/readyz") == 200
    assert stack.read(location).status_code == 200
    stack.compose("start", "redis")
    until(lambda: "degraded" not in httpx.get(f"{stack.url}/readyz", trust_env=False).text)


def test_requests_in_flight_are_answered_before_web_stops(stack):
    location = stack.write("in flight")
    with ThreadPoolExecutor() as pool:
        with locked(stack):
            answers = [pool.submit(stack.read, location) for _ in range(6)]
            until(lambda: waiting(stack) == 6)
            stopping = threading.Thread(target=stack.compose, args=("stop", "web"))
            stopping.start()
            until(lambda: "Handling signal: term" in stack.logs("web"))
        assert [answer.result().status_code for answer in answers] == [200] * 6
        stopping.join()
    assert stack.services()["web"] == ("exited", 0)


def test_a_second_web_is_found_by_the_edge_and_so_is_its_end(stack):
    stack.settle(web=2)
    first, second = stack.containers("web")
    with stack.client() as client:

        def asked():
            ids = [f"asks-either-{number}" for number in range(20)]
            return (
                ids
                if all(client.get("/v1/ping", headers={"X-Request-ID": each}).status_code == 200 for each in ids)
                else []
            )

        until(lambda: asked() and all("asks-either" in stack.engine.logs(each) for each in (first, second)))
    stack.settle(web=1)
    assert len(stack.containers("web")) == 1
    until(lambda: [stack.status("/v1/ping") for _ in range(20)] == [200] * 20)


def test_what_is_stored_is_there_after_everything_was_taken_down(stack):
    location, key = stack.write("to be kept"), stack.run("web", "cat", "/run/secrets/secret_key")
    stack.down()
    assert stack.containers() == []
    stack.up()
    assert stack.read(location).json()["title"] == "to be kept"
    assert stack.run("web", "cat", "/run/secrets/secret_key") == key
    assert "appendonly.aof" in stack.run("redis", "ls", "/data/appendonlydir")
