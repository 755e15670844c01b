"""What has to be said to uWSGI, where Gunicorn does it by itself."""

import itertools
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers.asking import ask
from tests.servers.nginx import in_front_of
from tests.servers.scraping import counted
from tests.stack.conftest import until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def started(install, certificate):
    """A machine with uWSGI that serves, and a client in front; it is shared, so it is only asked."""
    with install("uwsgi") as machine:
        machine.alone()
        machine.start()
        until(machine.is_ready)
        with in_front_of(machine, certificate) as client:
            yield machine, client


@pytest.fixture
def own(uwsgi, front):
    """Likewise, for a test that ends its processes."""
    uwsgi.alone()
    uwsgi.start()
    until(uwsgi.is_ready)
    return uwsgi, front(uwsgi)


def test_no_two_processes_share_a_connection_even_if_the_master_opened_some_before_the_fork(uwsgi, front):
    release = uwsgi.release("connected")
    (release / "wsgi.py").unlink()
    (release / "wsgi.py").write_text("from tests.stack.service import app\n")
    uwsgi.alone()
    uwsgi.start(CONNECT_BEFORE_FORK="4")
    until(uwsgi.is_ready)
    client = front(uwsgi)
    numbers = itertools.count()

    def ask():
        number = next(numbers)
        answer = client.get(f"/v1/stack/backend/{number}").json()
        assert answer["number"] == number
        return answer["backend"], answer["worker"]

    pairs = set()

    def all_workers_have_answered():
        with ThreadPoolExecutor(16) as pool:
            pairs.update(pool.map(lambda _: ask(), range(160)))
        return len({worker for _, worker in pairs}) == 2

    until(all_workers_have_answered)
    assert len({backend for backend, _ in pairs}) == len(pairs)


def test_headers_as_large_as_nginx_lets_through_are_answered(started):
    _machine, client = started
    headers = {f"X-Large-{number}": "x" * 7000 for number in range(4)}
    assert client.get("/v1/ping", headers=headers).status_code == 200


def test_what_a_client_claims_about_its_way_here_is_not_believed(started):
    machine, client = started
    claims = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Ssl": "off",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "Script-Name": "/evil",
        "Uwsgi-File": "/etc/passwd",
        "Proxy": "http://evil.example",
    }
    response = client.get("/v1/ping", headers=claims)
    assert response.status_code == 200
    sent = response.headers["X-Request-ID"]
    [line] = until(lambda: [line for line in machine.records("slipway-web-0") if line.get("request_id") == sent])
    assert (line["client.address"], line["url.path"]) == ("127.0.0.1", "/v1/ping")


def test_an_answer_that_comes_before_the_body_was_read_arrives(started):
    _machine, client = started
    body = b"x" * 1_000_000
    with ThreadPoolExecutor(8) as pool:
        statuses = pool.map(lambda _: client.post("/v1/nothing", content=body).status_code, range(100))
        assert set(statuses) == {404}


def test_workers_are_replaced_after_so_many_requests_and_none_is_lost(uwsgi, front, settings):
    uwsgi.set(settings | {"WEB_MAX_REQUESTS": "50", "WEB_MAX_REQUESTS_JITTER": "7"})
    uwsgi.alone()
    uwsgi.start(UWSGI_MIN_WORKER_LIFETIME="1")  # it lets every worker live for a minute
    until(uwsgi.is_ready)
    _, master = uwsgi.status("slipway-web:web-0")
    client = front(uwsgi)
    before = uwsgi.children(master)
    statuses = []

    def all_were_replaced():
        statuses.extend(ask(client, "/v1/ping", 100))
        return not before & uwsgi.children(master)

    until(all_were_replaced)
    assert set(statuses) == {200}
    until(uwsgi.is_ready)
    until(lambda: counted(uwsgi, "/v1/ping") == len(statuses))


def test_connections_are_not_used_again_so_none_breaks_under_a_write(started):
    _machine, client = started
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: client.post("/v1/ping").status_code, range(2000)))
    assert set(statuses) == {405}


def test_the_metrics_of_workers_that_are_gone_are_kept_in_few_files(own):
    machine, client = own
    _, master = machine.status("slipway-web:web-0")
    folder = machine.metric_folder(master)
    for number in range(1, 6):
        assert client.get("/v1/ping").status_code == 200
        until(lambda number=number: counted(machine, "/v1/ping") == number)
        workers = until(lambda: len(machine.children(master)) == 2 and machine.children(master))
        os.kill(min(workers), signal.SIGKILL)
        until(lambda workers=workers: len(machine.children(master) - workers) == 1)
        until(machine.is_ready)
    living = machine.children(master) | {master, 0}
    until(lambda: {int(path.stem.rpartition("_")[2]) for path in folder.glob("*_*.db")} <= living)
    assert counted(machine, "/v1/ping") == 5


def test_the_folder_of_metrics_goes_with_the_master(own):
    machine, _client = own
    folder = machine.metric_folder(machine.status("slipway-web:web-0")[1])
    assert folder.exists()
    machine.control("stop", "slipway-web:web-0")
    until(lambda: not folder.exists())
