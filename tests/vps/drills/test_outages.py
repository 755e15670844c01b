"""What happens to a machine that serves: to its power, processes, database, disk. DRILLS=long has it last longer."""

import os
import time

import pytest

from tests.vps.drills.load import visited
from tests.vps.drills.visitors import RELEASE
from tests.vps.service import SOURCE

pytestmark = pytest.mark.vps

LONG = os.environ.get("DRILLS") == "long"
OUTAGE_SECONDS = 60 if LONG else 10
PER_SECOND = 150
BACK_SECONDS = 10
DATABASE = "postgresql@$(ls /etc/postgresql)-main"  # of whatever version the system brings


def write(service, title):
    """Write a note as a client would, and return its number."""
    status, body = service.get("/v1/notes", "--json", f"""'{{"title": "{title}"}}'""")
    assert status == 201, body
    return service.sql(f"SELECT id FROM notes WHERE title = '{title}'")[0]


def release_shown(service):
    """Return the name of the release, as visitors see it."""
    return RELEASE.search(service.get("/")[1].encode())[1]


def seconds_to_load(service):
    """Return how long a release takes to load just now: alone a second, beside other tests many times that."""
    began = time.monotonic()
    service.machine.run(f"systemctl start slipway-check@{service.live()[1]}")
    return time.monotonic() - began


def all_is_well(service):
    assert service.ready() == {"status": "ok"}
    assert service.machine.run("systemctl --failed --no-legend").stdout == ""
    web, worker = service.web(), service.worker()
    assert (web["ActiveState"], worker["ActiveState"]) == ("active", "active")
    assert (web["NRestarts"], worker["NRestarts"]) == ("0", "0")  # each had what it needs when it was started


@pytest.mark.parametrize("how", ["rebooted", "plug pulled"])
def test_after_a_reboot_the_same_release_serves_and_nothing_has_failed(how, service, say):
    if how == "rebooted":  # the second colour, which `service` has not seen boot
        service.commit({"count.txt": "second\n"})
        service.release("second")
    shown = release_shown(service)
    live = service.live()
    note = write(service, "before")
    if how == "rebooted":
        seconds = service.machine.reboot()
    else:
        service.machine.pull_plug()
        seconds = service.machine.boot()
    say(f"{how}: back after {seconds:.1f} s")
    service.wait_until_ready()
    all_is_well(service)
    assert service.live() == live
    assert release_shown(service) == shown
    assert service.get(f"/v1/notes/{note}")[0] == 200
    assert len(service.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'slipway'")) > 0
    write(service, "after")


@pytest.mark.parametrize("who", ["a worker", "the master"])
def test_what_is_killed_is_back_at_once_and_loses_only_what_was_in_flight(who, service, tmp_path, say):
    master = service.web()["MainPID"]
    kill = {
        "a worker": f"kill -9 $(pgrep -P {master} | head -n 1)",
        "the master": f"kill -9 {master}",
    }[who]
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        time.sleep(2)
        loading = seconds_to_load(service)
        killed_at = time.time()
        service.machine.run(kill)
        back = 2 + 3 * loading  # the one that takes its place loads too, and nothing is waited for before
        time.sleep(8 + back)
    say(load, f"loading took {loading:.1f} s", *load.failures)
    assert load.longest_silence() < back
    assert all(killed_at - 1 < failure.ended < killed_at + back for failure in load.failures)
    assert len(load.failures) <= 40  # a request each of the visitors
    writes = load.account_of_writes()
    assert (writes["missing"], writes["twice"]) == (0, 0)
    assert service.ready()["status"] == "ok"
    assert int(service.web()["NRestarts"]) == (0 if who == "a worker" else 1)
    assert service.machine.run("systemctl --failed --no-legend").stdout == ""


def test_a_stopped_database_is_answered_with_503_and_everything_recovers_by_itself(service, tmp_path, say):
    web, worker = service.web(), service.worker()
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        time.sleep(2)
        service.machine.run(f"systemctl stop {DATABASE}")
        stopped_at = time.time()
        time.sleep(OUTAGE_SECONDS)
        assert "database" in service.ready()["failing"]
        status, body = service.get("/v1/notes")
        assert (status, '"status":503' in body.replace(" ", "")) == (503, True)
        service.machine.run(f"systemctl start {DATABASE}")
        started_at = time.time()
        service.wait_until_ready()
        recovered_at = time.time()
        time.sleep(5)
    say(load, f"ready {recovered_at - started_at:.1f} s after the database; last failure {load.failures[-1]}")
    assert {failure.what for failure in load.failures} == {"status 503, application/problem+json"}
    assert all("/v1/notes" in failure.request for failure in load.failures)  # what needs no database went on
    assert all(stopped_at - 5 < failure.began < recovered_at + BACK_SECONDS for failure in load.failures)
    writes = load.account_of_writes()
    assert (writes["missing"], writes["twice"], writes["unacknowledged"]) == (0, 0, 0)
    assert (service.web(), service.worker()) == (web, worker)


def small_disk(service, folder, megabytes):
    """Put what is in a folder on a disk of its own, with so much left on it."""
    place = f"/mnt{folder}"
    [used] = service.machine.run(f"du -s --block-size=1M {folder} | cut -f 1").stdout.split()
    service.machine.run(
        f"mkdir -p {place} && mount -t tmpfs -o size={int(used) + megabytes}M tmpfs {place}"
        f" && cp -a {folder}/. {place} && mount --bind {place} {folder}"
    )


def fill(service, folder):
    service.machine.run(f"head -c 10G /dev/zero >{folder}/filled", check=False)
    assert service.machine.run(f"df --output=avail {folder} | tail -n 1").stdout.strip() == "0"


def test_with_full_disks_a_release_is_refused_or_fails_and_the_service_goes_on(service, tmp_path, say):
    run, live = service.machine.run, service.live()
    small_disk(service, "/var/log", 20)
    small_disk(service, "/srv/slipway", 550)
    run("systemctl restart systemd-journald && nginx -s reopen")
    # What is asked for before a release begins is there, and not what it then takes.
    archive = f"git -C {SOURCE} archive --output /root/large.tar HEAD"
    run(f"{archive} && truncate --size=600M large && tar --append --file /root/large.tar large")
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        fill(service, "/var/log")
        fill(service, "/srv/slipway")
        early = service.release("early", check=False)
        run("rm /srv/slipway/filled")
        late = run("slipway release /root/large.tar --name late", check=False)
        assert service.live() == live
        assert run("ls -A /srv/slipway/releases").stdout.split() == [live[1]]
        service.release("with-full-logs")
        run("rm /var/log/filled")
        service.release("in-time")
    say(load, early.stderr, late.stderr)
    assert (early.returncode, late.returncode) == (1, 1)
    assert "only 0 MB are free" in early.stderr
    assert "could not be unpacked" in late.stderr
    assert load.failures == []
    assert load.releases == ["first", "with-full-logs", "in-time"]
    assert "in-time" in service.journal("--since=-1min", "--output=cat")
