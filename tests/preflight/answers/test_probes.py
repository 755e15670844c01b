import pytest

from app.core.data import migrations
from app.preflight.answers import probes
from tests.conftest import UNREACHABLE
from tests.preflight.looking import found, passes

CHECKS = [probes.liveness, probes.readiness]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def test_a_service_that_is_not_ready_is_found_and_its_liveness_is_well(behind):
    site = behind(DATABASE_URL=UNREACHABLE)
    head, _ = migrations._revisions()
    names = "database, migrations" if head else "database"  # nobody has written a migration yet
    assert found(probes.readiness, site) == [f"critical: Not ready: {names}."]
    assert passes(probes.liveness, site)


def test_a_service_that_does_without_something_is_found(behind):
    site = behind(REDIS_URL="redis://127.0.0.1:1/0")
    assert found(probes.readiness, site) == ["medium: It does without redis."]


def saying(path, body):
    def spoil(answer):
        if answer.path == path and answer.method == "GET":
            answer.body = body

    return spoil


def test_a_liveness_that_speaks_of_dependencies_is_found(spoiled):
    site = spoiled(saying("/healthz", b'{"status": "ok", "database": "ok"}'))
    assert found(probes.liveness, site) == ["high: It speaks of database."]


def test_a_liveness_that_fails_is_found(spoiled):
    def fail(answer):
        if answer.path == "/healthz":
            answer.status = 500

    [said] = found(probes.liveness, spoiled(fail))
    assert said.startswith("high: GET")


def test_a_readiness_that_tells_reasons_is_found(spoiled):
    site = spoiled(saying("/readyz", b'{"status": "ok", "reason": "10.0.0.3 refused"}'))
    assert found(probes.readiness, site) == ["medium: It tells more than names: reason."]


def test_a_readiness_that_is_none_is_found(spoiled):
    [said] = found(probes.readiness, spoiled(saying("/readyz", b"ok")))
    assert said.startswith("critical: ")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Cache-Control", "max-age=60", "medium: /healthz may be kept: Cache-Control is 'max-age=60'."),
        ("Age", "3", "high: /healthz comes out of a cache."),
        ("RateLimit-Policy", '"default";q=1;w=1', "medium: /healthz is limited."),
    ],
)
def test_a_probe_that_is_kept_or_limited_is_found(name, value, said, spoiled):
    assert found(probes.liveness, spoiled(lambda answer: answer.set(name, value))) == [said]


def test_a_probe_that_does_not_know_head_is_a_warning(spoiled):
    def refuse(answer):
        if answer.method == "HEAD":
            answer.status = 405

    [said] = found(probes.readiness, spoiled(refuse))
    assert said.startswith("low: HEAD")
