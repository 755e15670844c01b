"""What Prometheus is told under the real Gunicorn: exact counts whatever becomes of workers, and always an answer."""

import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.stack.conftest import GENEROUS_SECONDS, GUNICORN, PROJECT, until


def scrape(service):
    """Return the value of each sample by its name and labels."""
    response = service.internal("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples
    }


def value(service, name, /, **labels):
    return scrape(service).get((name, *sorted(labels.items())), 0)


def counted(service, route="/v1/ping", status="200", method="GET"):
    return value(service, "http_request_duration_seconds_count", method=method, route=route, status=status)


def files(service):
    return list(service.metric_folder().glob("*.db"))


def ask(service, times, path="/v1/ping"):
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(service.get, path, Connection="close") for _ in range(times)]
        return {answer.result().status_code for answer in answers}


@contextmanager
def busy(service, threads):
    """Have all threads of the service wait for as long as the block lasts."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = [
            pool.submit(service.get, f"/v1/stack/gate/{number}", Connection="close") for number in range(threads)
        ]
        try:
            until(lambda: value(service, "http_requests_in_progress") == threads)
            yield
            assert not any(request.done() for request in waiting)
        finally:
            (service.gate / "open").touch()
        assert [request.result().status_code for request in waiting] == [200] * threads


def free_ports():
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def test_a_thousand_requests_are_counted_as_a_thousand_while_workers_come_and_go(start):
    service = start(WEB_CONCURRENCY="4", WEB_MAX_REQUESTS="20", WEB_MAX_REQUESTS_JITTER="0")
    assert ask(service, 1_000) == {200}
    until(lambda: counted(service) >= 1_000)
    assert len(service.workers()) > 40
    assert ask(service, 1, "/v1/nothing") == {404}  # and the end of one more worker changes nothing
    assert counted(service) == 1_000
    buckets = {key: count for key, count in scrape(service).items() if "_bucket" in key[0] and "/v1/ping" in str(key)}
    assert max(buckets.values()) == 1_000


def test_the_files_of_replaced_workers_do_not_pile_up(start):
    service = start(WEB_CONCURRENCY="2", WEB_MAX_REQUESTS="1", WEB_MAX_REQUESTS_JITTER="0")
    asked = 0
    while len(service.workers()) < 15:
        assert ask(service, 1) == {200}
        asked += 1
    until(lambda: counted(service) == asked)
    # Of each kind one for the master, two workers, one on its way out, and the sum: 15, and not 45 of all that were.
    until(lambda: len(files(service)) <= 15)


def test_a_killed_worker_takes_its_gauges_along_and_leaves_its_counts(start):
    service = start(WEB_CONCURRENCY="1", WEB_THREADS="2")
    assert ask(service, 10) == {200}
    [worker] = service.workers()
    with ThreadPoolExecutor(1) as pool:
        lost = pool.submit(service.get, "/v1/stack/gate/1")
        until(lambda: value(service, "http_requests_in_progress") == 1)
        os.kill(worker, signal.SIGKILL)
        assert lost.exception(GENEROUS_SECONDS)
    until(lambda: len(service.workers()) == 2)
    until(lambda: value(service, "http_requests_in_progress") == 0)
    assert counted(service) == 10


def test_metrics_and_probes_are_answered_while_every_thread_is_busy(start):
    service = start(WEB_CONCURRENCY="1", WEB_THREADS="3")
    with busy(service, 3):
        assert service.internal("/healthz").status_code == 200
        assert service.internal("/readyz").status_code == 200
        assert value(service, "http_requests_in_progress") == value(service, "web_threads") == 3


def test_metrics_are_not_for_the_public(service):
    assert service.get("/metrics").status_code == 404
    assert service.get("/metrics", **{"app.internal": "1", "App-Internal": "1"}).status_code == 404


def test_nothing_else_is_at_the_internal_address(service):
    assert service.internal("/v1/ping").status_code == 404
    assert service.internal("/").status_code == 404


def test_a_client_cannot_make_series(start):
    service = start(WEB_CONCURRENCY="1")
    for number in range(3):
        service.client.request("GET", f"/v1/nothing/{number}")
        service.client.request(f"BREW{number}", "/v1/ping")
        service.client.request("GET", f"/v1/stack/things/{10**15 + number}")
    until(lambda: counted(service, route="none", status="404") == 3)
    until(lambda: counted(service, route="none", status="405", method="other") == 3)
    until(lambda: counted(service, route="/v1/stack/things/<int:number>", status="404") == 3)
    labels = {key[1:] for key in scrape(service) if key[0] == "http_request_duration_seconds_count"}
    assert len(labels) == 3


def test_a_crash_is_counted_as_what_the_client_saw(start):
    service = start()
    assert service.get("/v1/stack/error").status_code == 500
    until(lambda: counted(service, route="/v1/stack/error", status="500") == 1)


def test_probes_are_not_counted_as_requests(start):
    service = start()
    for path in ("/healthz", "/readyz"):
        assert service.get(path).status_code == 200
        assert service.internal(path).status_code == 200
    assert not [key for key in scrape(service) if key[0] == "http_request_duration_seconds_count"]


def test_the_release_is_told(start):
    info = {"service": "orders", "release": "1.2.3", "commit": "abc123", "environment": "production"}
    service = start(SERVICE_NAME="orders", GIT_SHA="abc123")
    assert value(service, "app_info", **info) == 1


def test_connections_in_use_are_told(start):
    service = start(WEB_CONCURRENCY="1", WEB_THREADS="3", DB_POOL_SIZE="1", DB_POOL_MAX_OVERFLOW="1")
    assert value(service, "db_pool_size") == 1
    assert value(service, "db_pool_limit") == 2
    with ThreadPoolExecutor(2) as pool:
        holding = [pool.submit(service.get, f"/v1/stack/hold/{number}", Connection="close") for number in range(2)]
        until(lambda: value(service, "db_pool_checked_out") == 2)
        assert service.get("/v1/stack/backend/1").status_code == 503
        (service.gate / "open").touch()
        assert [request.result().status_code for request in holding] == [200] * 2
    until(lambda: value(service, "db_pool_checked_out") == 0)
    assert value(service, "db_pool_timeouts_total") == 1
    assert value(service, "db_pool_acquire_seconds_count") >= 2


def test_a_hang_up_keeps_counts_and_address(start):
    service = start(WEB_CONCURRENCY="1")
    assert ask(service, 10) == {200}
    service.process.send_signal(signal.SIGHUP)
    until(lambda: len(service.workers()) == 2)
    until(lambda: "Worker exiting" in service.stdout())
    assert ask(service, 10) == {200}
    until(lambda: counted(service) == 20)


def test_a_hang_up_moves_the_internal_address(start, tmp_path):
    def write_settings(port):
        settings.write_text(f"METRICS_BIND=127.0.0.1:{port}\n")

    def answers(port):
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    settings, (first, second) = tmp_path / "settings", free_ports()
    write_settings(first)
    service = start(METRICS_BIND=None, APP_CONFIG_FILE=str(settings))
    until(lambda: answers(first))
    write_settings(second)
    service.process.send_signal(signal.SIGHUP)
    until(lambda: answers(second))
    until(lambda: not answers(first))


def test_nothing_is_left_of_a_service_that_has_ended(start):
    service = start()
    folder = service.metric_folder()
    assert folder.is_dir()
    service.stop()
    assert not folder.exists()


def test_the_folder_of_a_killed_service_goes_at_the_next_start(start):
    killed = start()
    folder = killed.metric_folder()
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.process.wait(GENEROUS_SECONDS)
    assert folder.is_dir()
    other = start()
    assert not folder.exists()
    assert other.metric_folder().is_dir()


@pytest.mark.parametrize("taken", [True, False])
def test_an_internal_address_that_is_taken_is_said(stack_environment, service, tmp_path, taken):
    address = f"127.0.0.1:{service.internal_port}" if taken else f"unix:{tmp_path}/none/internal.sock"
    environ = {**stack_environment, "METRICS_BIND": address, "BIND": f"unix:{tmp_path}/app.sock"}
    ended = subprocess.run(
        [GUNICORN], cwd=PROJECT, env=environ, capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False
    )
    assert ended.returncode == 1
    reason = "Address already in use" if taken else "No such file or directory"
    assert ended.stderr.splitlines()[-1] == f"METRICS_BIND: cannot listen at {address}: {reason}"
    assert "Traceback" not in ended.stderr
