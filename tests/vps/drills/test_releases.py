"""Releases while visitors come: nobody notices, whatever the release is made of. DRILLS=long counts to 50,000."""

import os
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.vps.drills.load import visited

pytestmark = pytest.mark.vps

LONG = os.environ.get("DRILLS") == "long"
BROKEN_ONES = ["unimportable", "unmigratable", "unready", "unfit"]
ROUNDS = ["good", *BROKEN_ONES]
if LONG:
    ROUNDS = [kind for broken in BROKEN_ONES for kind in ("good", broken)] + ["good", "good"]
REQUESTS, PER_SECOND = (50_000, 250) if LONG else (2_000, 150)

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{head}", None, None


def upgrade() -> None:
    op.create_table("half_done", sa.Column("id", sa.BigInteger(), primary_key=True))
    op.execute("ALTER TABLE alembic_version ADD COLUMN half_done integer")
    op.execute("SELECT 1 / 0")


def downgrade() -> None:
    pass
"""
NEVER_READY = """
from app.core.observability import health


def never():
    raise RuntimeError("never ready")


health.register(app, "never", never)
"""
# How many connections there are to an instance; the units' sandbox would have a network of its own.
CONNECTED = """#!/bin/sh
nsenter --net=/proc/1/ns/net awk -v path="/run/slipway/$1/web.sock" \\
  '$6 == "03" && $8 == path { n++ } END { print n + 0 }' /proc/net/unix
"""
BEFORE_IT_IS_ENDED = """
[Service]
ExecStop=+/bin/sh -c '/usr/local/bin/connected %i >>/run/connected'
"""


def unimportable(service):
    return {"app/api.py": service.read("app/api.py") + "\nimport nowhere_to_be_found\n"}


def unmigratable(service):
    [head] = service.sql("SELECT version_num FROM alembic_version")
    return {"migrations/versions/9999_fails.py": MIGRATION.format(head=head)}


def unready(service):
    return {"wsgi.py": service.read("wsgi.py") + NEVER_READY}


def unfit(service):
    """Right beside the one that serves, and wrong once it is in its place."""
    test = 'case "$*" in *--resolve*) echo "not what visitors should see"; exit 1 ;; esac'
    return {"deploy/smoke_test.sh": f"#!/bin/sh\n{test}\n"}


BROKEN = {
    unimportable: "No module named 'nowhere_to_be_found'",
    unmigratable: "division by zero",
    unready: "never",
    unfit: "not what visitors should see",
}


def state(service):
    """Return what a release changes: who serves, which processes, which schema, which folders."""
    schema = service.sql("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    return service.live(), service.web(), schema, service.machine.run("ls /srv/slipway/releases").stdout


def refused(service, breaking, name):
    """Release what cannot be served, and see that this is said and nothing else is changed."""
    before = state(service)
    service.commit(breaking(service))
    result = service.release(name, check=False)
    assert result.returncode == 1, result.stdout
    assert BROKEN[breaking] in result.stdout + result.stderr
    assert state(service) == before
    assert service.machine.run("systemctl --failed --no-legend").stdout == ""
    service.uncommit()


def nothing_was_lost(load, say):
    say(load)
    assert load.failures == []
    writes = load.account_of_writes()
    assert writes == {"acknowledged": writes["acknowledged"], "missing": 0, "twice": 0, "unacknowledged": 0}
    assert writes["acknowledged"] > 0


def test_releases_under_load_lose_no_request_and_broken_ones_change_nothing(service, tmp_path, say):
    expected = ["first"]
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        for number, kind in enumerate(ROUNDS):
            name, began = f"{number}-{kind}", time.monotonic()
            if kind == "good":
                service.commit({"count.txt": f"{number}\n"})
                service.release(name)
                assert name in service.get("/")[1]
                expected.append(name)
            else:
                refused(service, globals()[kind], name)
            say(f"{name} took {time.monotonic() - began:.1f} s")
        load.reach(REQUESTS)
    nothing_was_lost(load, say)
    # One that is unfit serves until that shows; whether somebody sees it is chance.
    assert [name for name in load.releases if not name.endswith("-unfit")] == expected
    assert load.requests >= REQUESTS


def test_an_instance_is_told_to_stop_only_when_nginx_has_no_connection_to_it_any_more(service, tmp_path, say):
    """Or a POST could meet the closing of the one that it is sent on, and must not be repeated: rare, and a loss."""
    run, unit = service.machine.run, "/etc/systemd/system/slipway-web@.service.d"
    run("cat >/usr/local/bin/connected && chmod 755 /usr/local/bin/connected", input=CONNECTED)
    run(f"mkdir {unit} && cat >{unit}/connected.conf && systemctl daemon-reload", input=BEFORE_IT_IS_ENDED)
    former = service.live()[0]
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        load.reach(500)
        assert int(run(f"connected {former}").stdout) > 0
        run("slipway restart")
    nothing_was_lost(load, say)
    assert run("cat /run/connected").stdout == "0\n"


def test_a_rollback_under_load_loses_no_request(service, tmp_path, say):
    before = service.live()
    service.commit({"count.txt": "second\n"})
    with visited(service, tmp_path, per_second=PER_SECOND) as load:
        service.release("second")
        service.machine.run("slipway rollback")
    nothing_was_lost(load, say)
    assert load.releases == ["first", "second"]
    assert service.live() == before
    assert "first" in service.get("/")[1]


def test_of_two_operators_one_is_refused_at_once_and_told_who_is_at_it(service):
    service.commit({"count.txt": "second\n"})
    with ThreadPoolExecutor() as operators:
        first = operators.submit(service.release, "second")
        service.machine.run("until grep -qs 'release HEAD' /run/slipway.lock; do sleep 0.05; done")
        began = time.monotonic()
        second = service.machine.run("slipway rollback", check=False)
        took = time.monotonic() - began
        assert not first.done()
        first.result()
    assert second.returncode == 1
    assert re.search(r"another operator is at it: root: slipway release HEAD.*, since [0-9-]+T[0-9:]+", second.stderr)
    assert took < 10
    assert "second" in service.get("/")[1]
