"""What happens to a machine that serves: power, processes, database, disk, a table. DRILLS=long has them last."""

import os
import time

import pytest

from tests.vps.load import visited

pytestmark = pytest.mark.vps

LONG = os.environ.get("DRILLS") == "long"
OUTAGE_SECONDS = 60 if LONG else 10
PER_SECOND = 150
BACK_SECONDS = 2


def write(service, title):
    """Write a note as a client would, and return its number."""
    status, body = service.get("/v1/notes", "--json", f"""'{{"title": "{title}"}}'""")
    assert status == 201, body
    return service.sql(f"SELECT id FROM notes WHERE title = '{title}'")[0]


def all_is_well(service):
    assert service.ready() == {"status": "ok"}
    assert service.machine.run("systemctl --failed --no-legend").stdout == ""
    web, worker = service.web(), service.worker()
    assert (web["ActiveState"], worker["ActiveState"]) == ("active", "active")
    assert (web["NRestarts"], worker["NRestarts"]) == ("0", "0")  # each had what it needs when it was started


@pytest.mark.parametrize("how", ["rebooted", "plug pulled"])
def test_after_a_reboot_the_same_release_serves_and_nothing_has_failed(how, service, say):
    service.commit({"count.txt": "second\n"})
    service.release("second")
    live, note = service.live(), write(service, "before")
    if how == "rebooted":
        seconds = service.machine.reboot()
    else:
        service.machine.pull_plug()
        seconds = service.machine.boot()
    say(f"{how}: back after {seconds:.1f} s")
    service.wait_until_ready()
    all_is_well(service)
    assert service.live() == live
    assert "second" in service.get("/")[1]
    assert service.get(f"/v1/notes/{note}")[0] == 200
    assert len(service.sql("SELECT pid FROM pg_stat_activity WHERE usename = 'slipway'")) > 0
    write(service, "after")


@pytest.mark.parametrize("who", ["a worker", "the master", "all of them"])
def test_what_is_killed_is_back_within_two_seconds_and_loses_only_what_was_in_flight(who, service, tmp_path, say):
    web = f"slipway-web@{service.live()[0]}.service"
    master = service.web()["MainPID"]
    kill = {
        "a worker": f"kill -9 $(pgrep -P {master} | head -n 1)",
        "the master": f"kill -9 {master}",
        "all of them": f"systemctl kill --signal=KILL {web}",
    }[who]
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        time.sleep(2)
        killed_at = time.time()
        service.machine.run(kill)
        time.sleep(8)
    say(load, *load.failures)
    assert load.longest_silence() < BACK_SECONDS
    assert all(killed_at - BACK_SECONDS < failure.ended < killed_at + BACK_SECONDS for failure in load.failures)
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
        service.machine.run("systemctl stop postgresql@15-main")
        stopped_at = time.time()
        time.sleep(OUTAGE_SECONDS)
        assert service.ready() == {"status": "unavailable", "failing": ["database"]}
        status, body = service.get("/v1/notes")
        assert (status, '"status":503' in body.replace(" ", "")) == (503, True)
        service.machine.run("systemctl start postgresql@15-main")
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


FULL = """
mkdir /mnt/{name} && mount -t tmpfs -o size={megabytes}M tmpfs /mnt/{name}
cp -a {folder}/. /mnt/{name}/ && mount --bind /mnt/{name} {folder}
"""
FILL = "head -c 10G /dev/zero >{folder}/filled 2>/dev/null || true; df --output=avail {folder} | tail -n 1"


def test_with_a_full_disk_a_release_is_refused_and_the_service_goes_on(service, tmp_path, say):
    """The logs and the folder of releases are each put on a small disk of their own, and that filled."""
    run, live = service.machine.run, service.live()
    run(FULL.format(name="log", folder="/var/log", megabytes=100))
    run(FULL.format(name="srv", folder="/srv/slipway", megabytes=1200))
    run("systemctl restart systemd-journald && nginx -s reopen")
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        assert run(FILL.format(folder="/var/log")).stdout.strip() == "0"
        assert run(FILL.format(folder="/srv/slipway")).stdout.strip() == "0"
        service.commit({"count.txt": "second\n"})
        early = service.release("second", check=False)
        run("rm /srv/slipway/filled")
        # Enough to begin with, and not to the end.
        run(f"head -c 600M /dev/urandom >/root/slipway/large; {'true'}")
        service.commit({})
        late = service.release("third", check=False)
        service.uncommit()
        assert service.live() == live
        write(service, "while the logs are full")
        run("rm /var/log/filled")
        service.release("fourth")
    say(load, early.stderr, late.stderr)
    assert (early.returncode, late.returncode) == (1, 1)
    assert "MiB" in early.stderr or "megabytes" in early.stderr
    assert "No space left on device" in late.stderr
    assert load.failures == []
    assert load.releases == ["first", "fourth"]
    assert run("ls -a /srv/slipway/releases | grep building", check=False).stdout == ""
    assert "fourth" in service.journal("--since=-1min", "--output=cat")


def test_yesterdays_backup_is_restored_after_a_table_was_dropped(service, say):
    run = service.machine.run
    kept = write(service, "kept")
    run("slipway backup")
    [backup] = run("ls -t /var/backups/slipway/*.dump | head -n 1").stdout.split()
    write(service, "of today")
    web = service.web()
    service.sql("DROP TABLE notes")
    assert service.get("/v1/notes")[0] in {500, 503}
    printed = run(f"slipway restore --yes {backup}").stdout
    say(printed)
    service.wait_until_ready()
    assert service.sql("SELECT title FROM notes") == ["kept"]
    assert service.get(f"/v1/notes/{kept}")[0] == 200
    write(service, "after")
    all_is_well(service)
    assert service.web() == web  # nothing of ours had to be restarted
    say(run("slipway restore-drill").stdout)
