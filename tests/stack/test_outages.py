"""A PostgreSQL that freezes or stops: the service says so within bounds, and recovers without being restarted."""

import os
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from devtools import clean, postgres
from devtools.keeping import state
from devtools.postgres.cluster import PORT, USER
from tests.stack.conftest import running, until

# Every deadline on the way, as short as it can be set; the sum is what one request may take.
QUICK = {
    "DB_STATEMENT_TIMEOUT_MS": "500",
    "DB_CONNECT_TIMEOUT_SECONDS": "2",
    "DB_POOL_TIMEOUT_SECONDS": "1",
    "WEB_CONCURRENCY": "1",
}
BOUND_SECONDS = 15


class Server:
    """A PostgreSQL that can be stopped, started again at the same address, and frozen."""

    def __init__(self, folder):
        self.folder = folder
        self._running = ExitStack()
        self.url = f"postgresql://{USER}@/postgres?host={folder / state.ADDRESS}&port={PORT}"

    def start(self):
        self._running.enter_context(postgres.running(self.folder, durable=False))

    def stop(self):
        self._running.close()

    def signal(self, signum):
        """Send a signal to all processes of the server, the first one before those that it started."""
        first = state.noted_server(self.folder)[0]
        listed = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True).splitlines()
        for pid in [first, *(int(pid) for pid, parent in map(str.split, listed) if int(parent) == first)]:
            os.kill(pid, signum)

    @contextmanager
    def frozen(self):
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def database_server():
    # Not tmp_path, whose parent is closed to the account that runs PostgreSQL in place of root.
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    folder.chmod(0o755)
    server = Server(folder / "postgres")
    try:
        server.start()
        yield server
    finally:
        server.stop()
        clean.clean(folder)


@pytest.fixture(scope="module")
def service(tmp_path_factory, stack_environment, database_server):
    environ = stack_environment | QUICK | {"DATABASE_URL": database_server.url}
    with running(tmp_path_factory.mktemp("outages") / "service", environ) as service:
        until(service.is_ready)
        until(lambda: is_recovered(service))
        yield service


def answers_within_bounds(service, path):
    response = service.get(path, Connection="close")
    assert response.elapsed.total_seconds() < BOUND_SECONDS
    return response


def fails_readiness(service):
    """Whether readiness names the database; migrations, which nobody ran here, may be named besides."""
    response = answers_within_bounds(service, "/readyz")
    failing = response.json().get("failing", [])
    assert response.status_code == (503 if failing else 200)
    return "database" in failing


def is_unavailable(service):
    """Check everything that is promised of the answers during an outage."""
    # First, so that it meets a connection that was good before; readiness would take that away.
    response = answers_within_bounds(service, "/v1/stack/backend/1")
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Retry-After"]
    assert response.json()["detail"] == "The database is not available. Try again shortly."
    assert answers_within_bounds(service, "/healthz").status_code == 200
    until(lambda: fails_readiness(service))  # what was found a moment ago may be answered once more


def is_recovered(service):
    return not fails_readiness(service) and answers_within_bounds(service, "/v1/stack/backend/1").status_code == 200


def test_a_frozen_database_makes_requests_fail_within_bounds_and_recovers_by_itself(database_server, service):
    with database_server.frozen():
        is_unavailable(service)
    until(lambda: is_recovered(service))


def test_liveness_answers_within_bounds_while_every_thread_waits_for_a_frozen_database(database_server, service):
    with database_server.frozen(), ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(answers_within_bounds, service, "/v1/stack/backend/1") for _ in range(8)]
        assert answers_within_bounds(service, "/healthz").status_code == 200
        assert {request.result().status_code for request in asked} == {503}
    until(lambda: is_recovered(service))


def test_the_internal_address_answers_while_every_thread_waits_for_a_frozen_database(database_server, start):
    service = start(
        DATABASE_URL=database_server.url, WEB_CONCURRENCY="1", WEB_THREADS="2", DB_STATEMENT_TIMEOUT_MS="600000"
    )
    assert service.get("/v1/stack/backend/1").status_code == 200
    with ThreadPoolExecutor(6) as pool, database_server.frozen():
        asked = [pool.submit(service.get, "/v1/stack/backend/1", Connection="close") for _ in range(6)]
        until(lambda: "http_requests_in_progress 2.0" in service.internal("/metrics").text)
        liveness = service.internal("/healthz")
        assert not any(request.done() for request in asked)
        assert liveness.status_code == 200
        until(lambda: service.internal("/readyz").status_code == 503)
    assert {request.result().status_code for request in asked} <= {200, 503}


def test_a_database_that_was_restarted_costs_no_request_an_error(database_server, service):
    def ask_at_once():
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(answers_within_bounds, service, "/v1/stack/backend/1") for _ in range(12)]
            return {request.result().status_code for request in asked}

    assert ask_at_once() == {200}  # now several connections wait in the pool
    database_server.stop()
    database_server.start()
    assert ask_at_once() == {200}


def test_a_stopped_database_makes_requests_fail_within_bounds_and_recovers_by_itself(database_server, service):
    database_server.stop()
    is_unavailable(service)
    database_server.start()
    until(lambda: is_recovered(service))
