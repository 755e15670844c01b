"""`slipway preflight`: what it says of a machine that these scripts have prepared, and of one that was changed."""

import json

import pytest

pytestmark = pytest.mark.vps

# Until an authority has given one, the certificate vouches for itself.
PREFLIGHT = "slipway preflight --json --cacert /etc/slipway/tls/fullchain.pem"


@pytest.fixture(scope="module")
def steady(prepared):
    """The service right after its first release, for tests that leave it as they found it."""
    prepared.machine.go_back()
    prepared.wait_until_ready()
    return prepared


def reports(machine, *, check=True):
    """Return what was said: of the public address, and of the machine."""
    printed = machine.run(PREFLIGHT, check=check).stdout
    decoder, found = json.JSONDecoder(), []
    while printed.strip():
        report, end = decoder.raw_decode(printed.strip())
        printed = printed.strip()[end:]
        found.append(report)
    return found


def test_a_machine_as_it_was_prepared_has_nothing_to_mend(steady):
    outside, inside = reports(steady.machine)
    assert (outside["to_mend"], inside["to_mend"]) == (0, 0)
    assert outside["looked_at"] == "https://app.test"
    assert {"certificate", "tls-versions", "redirect", "headers", "forged-headers", "readiness"} <= set(
        outside["passed"]
    )
    assert {"settings", "secret-files", "database", "migrations", "role", "connections", "redis", "backups"} <= set(
        inside["passed"]
    )


def test_what_was_changed_is_found_by_whoever_can_see_it(steady):
    machine = steady.machine
    machine.run("sed -i 's/server_tokens off/server_tokens on/' /etc/nginx/slipway/server.conf && nginx -s reload")
    machine.run("runuser -u postgres -- psql -qc 'GRANT CREATE ON SCHEMA public TO \"slipway\"' slipway")
    outside, inside = reports(machine, check=False)
    assert "banner" in {finding["check"] for finding in outside["findings"]}
    assert {finding["check"] for finding in inside["findings"]} >= {"role"}
    assert machine.run("slipway preflight", check=False).returncode == 1
    machine.run("sed -i 's/server_tokens on/server_tokens off/' /etc/nginx/slipway/server.conf && nginx -s reload")
    machine.run("runuser -u postgres -- psql -qc 'REVOKE CREATE ON SCHEMA public FROM \"slipway\"' slipway")


def test_it_says_what_it_does_and_what_it_does_not_know(steady):
    assert "slipway preflight [OPTION...]" in steady.machine.run("slipway preflight --help").stdout
    refused = steady.machine.run("slipway preflight --nothing", check=False)
    assert refused.returncode == 2
    assert "No such option" in refused.stderr
