"""How exposed the units are, and what a process in their sandbox achieves: nothing but its work."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.vps.units.probe import ALLOWED, FORBIDDEN

pytestmark = pytest.mark.vps

PROBE = "/usr/local/lib/slipway/probe.py"
# A unit that is what it was, but for what it executes.
PROBED = f"""
[Service]
Type=oneshot
Restart=no
ExecStartPre=
ExecStartPost=
ExecStart=
ExecStart=/usr/bin/python3 -I {PROBE}
StandardOutput=truncate:/run/probe.json
"""


@pytest.fixture
def inside(server):
    """A function that runs the probe as one more instance of a unit, and returns what it achieved."""
    server.put(Path(__file__).with_name("probe.py"), PROBE)
    server.run(
        f"chmod 644 {PROBE} && ln -sfn current /srv/slipway/probe && mkdir -p /run/slipway/other"
        " && touch /run/slipway/other/web.sock && chown -R slipway: /run/slipway/other"
    )

    def inside(template, drop_in=""):
        unit = f"{template}@probe.service"
        server.run(
            f"mkdir -p /run/systemd/system/{unit}.d && cat >/run/systemd/system/{unit}.d/probe.conf", input=PROBED
        )
        server.run(f"cat >/run/systemd/system/{unit}.d/zz.conf", input=drop_in)
        server.run(f"systemctl daemon-reload && systemctl start {unit}")
        return json.loads(server.run("cat /run/probe.json").stdout)

    yield inside
    server.run(
        "systemctl stop 'slipway-*@probe*'; rm -rf /run/systemd/system/*@probe.service.d /run/probe.json"
        f" /run/slipway/other /run/slipway/probe /srv/slipway/probe {PROBE}; systemctl daemon-reload"
    )


def exposure(server, unit):
    printed = server.run(f"systemd-analyze security --no-pager {unit}").stdout
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", printed)[1])


@pytest.mark.parametrize(
    "unit", ["slipway-web@{colour}", "slipway-worker@1", "slipway-check@any", "slipway-migrate@any"]
)
def test_what_runs_the_application_is_hardly_exposed(server, unit):
    colour = server.run("basename $(readlink /var/lib/slipway/live)").stdout.strip()
    assert exposure(server, unit.format(colour=colour)) <= 0.5


def test_also_a_service_that_calls_out_stays_within_the_bound(server):
    folder = "/run/systemd/system/slipway-@.service.d"
    server.run(
        f"mkdir -p {folder} && cat >{folder}/outside.conf", input=(PROJECT / "deploy/systemd/outside.conf").read_text()
    )
    try:
        server.run("systemctl daemon-reload")
        assert exposure(server, "slipway-web@any") <= 1.1
        assert exposure(server, "slipway-worker@9") <= 1.1
    finally:
        server.run(f"rm {folder}/outside.conf && systemctl daemon-reload")


@pytest.mark.parametrize("template", ["slipway-web", "slipway-worker"])
def test_a_process_that_was_taken_over_achieves_nothing(inside, template):
    outcomes = inside(template)
    assert {name: outcomes[name] for name in FORBIDDEN if outcomes[name] == "done"} == {}
    assert {name: outcomes[name] for name in ALLOWED if outcomes[name] != "done"} == {}


def test_what_is_forbidden_is_what_the_sandbox_forbids(inside):
    """The probe does succeed where there is no sandbox, so its failures mean something."""
    lifted = """
[Service]
User=root
NoNewPrivileges=no
CapabilityBoundingSet=~
PrivateUsers=no
ProtectSystem=no
ReadOnlyPaths=
NoExecPaths=
TemporaryFileSystem=
PrivateDevices=no
PrivateNetwork=no
RestrictAddressFamilies=
RestrictNamespaces=no
MemoryDenyWriteExecute=no
ProtectProc=default
SystemCallFilter=
"""
    outcomes = inside("slipway-web", lifted)
    assert {name for name in FORBIDDEN if outcomes[name] != "done"} == set()


def test_nginx_may_talk_to_an_instance_and_nobody_else_needs_to(server):
    folder = server.run("readlink /var/lib/slipway/live").stdout.strip()
    ask = f"curl --silent --output /dev/null --unix-socket {folder}/%s http://localhost/healthz"
    for name in ("web.sock", "metrics.sock"):
        assert server.run(f"runuser -u www-data -- {ask % name}", check=False).returncode == 0
        assert server.run(f"runuser -u nobody -- {ask % name}", check=False).returncode != 0
