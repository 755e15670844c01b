"""A host is lost in the middle of load: who notices, for how long, and that nothing is done twice."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.conftest import PROJECT
from tests.stack.conftest import until

pytestmark = pytest.mark.cluster

CONNECT_SECONDS = 2  # proxy_connect_timeout
NOTICE_SECONDS = 3 + 3 * 1  # deploy/hosts/sysctl.conf
MARGIN_SECONDS = 10  # for a computer that does all of this, and more; far from the 30 of proxy_read_timeout


def slowest(load):
    return max(ended - began for began, ended in load.seen["answers"])


def methods(load):
    return Counter(failure.request.split()[0] for failure in load.failures)


def nothing_twice(load):
    """Of a POST that was under way on a host that is lost nobody knows whether it was stored: it is told, once."""
    account = load.account_of_writes()
    assert account["missing"] == account["twice"] == 0
    assert account["unacknowledged"] <= methods(load)["POST"]


def answered(host):
    return sum(record["http.response.status_code"] == 200 for record in host.records("access"))


@pytest.mark.parametrize("which", [0, 1], ids=["a bare Gunicorn", "a VPS"])
def test_a_host_that_is_cut_off_costs_no_read_and_stores_nothing_twice(edge, hosts, tmp_path, say, which):
    lost, other = hosts[which], hosts[1 - which]
    with edge.visited(tmp_path, visitors=20, per_second=60) as load:
        load.reach(200)
        with lost.machine.cut_off():
            cut_at = time.time()
            load.reach(900)
            back_at = time.time()
        before = answered(lost)
        until(lambda: answered(lost) > before + 20)  # used again, without a word to Nginx
        load.reach(1200)
    say(load, f"cut off for {back_at - cut_at:.1f} s; slowest answer {slowest(load):.2f} s")
    assert methods(load)["GET"] == 0
    nothing_twice(load)
    assert slowest(load) < NOTICE_SECONDS + CONNECT_SECONDS + MARGIN_SECONDS
    late = [ended - began for began, ended in load.seen["answers"] if cut_at + NOTICE_SECONDS < began < back_at]
    assert late
    assert max(late) < CONNECT_SECONDS + MARGIN_SECONDS
    assert answered(other) > 200


@pytest.mark.parametrize("which", [0, 1], ids=["a bare Gunicorn", "a VPS"])
def test_a_host_that_is_killed_costs_no_read_and_stores_nothing_twice(edge, hosts, tmp_path, say, which):
    lost = hosts[which]
    with edge.visited(tmp_path, visitors=20, per_second=60) as load:
        load.reach(200)
        lost.kill()
        load.reach(600)
        lost.start()
        before = answered(lost)
        until(lambda: answered(lost) > before + 20)
    say(load, f"slowest answer {slowest(load):.2f} s")
    assert methods(load)["GET"] == 0
    nothing_twice(load)


def test_a_read_that_is_under_way_on_a_host_that_is_cut_off_is_answered_by_another(edge, hosts, say):
    with edge.client() as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, "/v1/stack/gate/reader")
        lost = until(lambda: next((host for host in hosts if (host.folder / "reader").exists()), None))
        [other] = {*hosts} - {lost}
        (other.folder / "open").touch()
        with lost.machine.cut_off():
            began = time.monotonic()
            assert waiting.result().status_code == 200
            waited = time.monotonic() - began
        for host in hosts:
            (host.folder / "open").touch()
    say(f"{waited:.2f} s")
    assert waited < NOTICE_SECONDS + MARGIN_SECONDS
    until(lambda: any(record["url.path"].endswith("gate/reader") for record in lost.records("access")))
    for host in hosts:
        (host.folder / "open").unlink()


def test_a_read_that_is_lost_on_its_way_is_answered_by_another(edge, hosts, say):
    lost = hosts[0].machine
    with edge.client() as client, lost.deaf(8000):
        times = []
        while max(times, default=0) < CONNECT_SECONDS:  # until one was sent there
            began = time.monotonic()
            assert client.get("/v1/ping").status_code == 200
            times.append(time.monotonic() - began)
            assert len(times) < 100
    hosts[0].kill()  # it still waits for that request, and would until the end of its drain
    say(f"{max(times):.2f} s")
    assert max(times) < NOTICE_SECONDS + MARGIN_SECONDS


def test_a_write_that_is_under_way_there_is_told_and_not_repeated(edge, hosts, stores, say):
    waiting = "wait_event_type = 'Lock' AND usename = 'slipway'"
    waiting_for = f"SELECT host(client_addr) FROM pg_stat_activity WHERE {waiting}"
    locked = psycopg.connect(f"host={stores.folder} user=postgres dbname=slipway")
    with locked, edge.client("127.0.2.20") as client, ThreadPoolExecutor(1) as pool:
        locked.execute("LOCK TABLE notes IN ACCESS EXCLUSIVE MODE")
        writing = pool.submit(client.post, "/v1/notes", json={"title": "Under way"})
        [(address,)] = until(lambda: stores.sql(waiting_for))
        [lost] = [host for host in hosts if host.machine.address == address]
        with lost.machine.cut_off():
            began = time.monotonic()
            assert writing.result().status_code in {502, 504}
            say(f"{time.monotonic() - began:.2f} s")
            assert len(stores.sql(waiting_for)) == 1, "it was sent to the other host as well"
            locked.rollback()
    until(lambda: stores.sql(waiting_for) == [])
    [(stored,)] = stores.sql("SELECT count(*) FROM notes WHERE title = 'Under way'")
    assert stored <= 1


def test_a_host_that_is_stopped_in_order_costs_nothing_at_all(edge, hosts, tmp_path, say):
    with edge.visited(tmp_path, visitors=20, per_second=60) as load:
        load.reach(200)
        for host in hosts:
            host.stop()
            load.reach(load_count(load) + 100)
            host.start()
            before = answered(host)
            until(lambda host=host, before=before: answered(host) > before + 20)
    say(load)
    assert load.failures == []
    nothing_twice(load)


def load_count(load):
    return int(load._count.read_text())


def test_the_shipped_figures_are_those_of_these_tests():
    folder = PROJECT / "deploy/nginx/slipway"
    assert f"proxy_connect_timeout {CONNECT_SECONDS}s;" in (PROJECT / "deploy/nginx/slipway.conf").read_text()
    assert "non_idempotent" not in "".join(path.read_text() for path in folder.glob("*.conf"))
