import threading
import time

import pytest

from app.core.observability import health


@pytest.fixture
def dependencies(app):
    """Readiness with nothing but what a test registers."""
    app.extensions["health"] = []
    return lambda name, check: health.register(app, name, check)


@pytest.fixture
def stale(monkeypatch):
    """Every probe asks anew."""
    monkeypatch.setattr(health, "FRESH_SECONDS", 0)


def ask(client):
    response = client.get("/readyz")
    return response.status_code, response.json


def fail():
    raise ConnectionError("postgresql://app:hunter2@db refused")


def test_liveness_answers_whatever_happens_to_dependencies(client, dependencies):
    dependencies("broken", fail)
    response = client.get("/healthz")
    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_readiness_succeeds_when_every_check_does(client, dependencies):
    dependencies("database", lambda: None)
    assert ask(client) == (200, {"status": "ok"})
    assert client.get("/readyz").headers["Cache-Control"] == "no-store"


def test_readiness_names_what_fails_and_only_the_log_says_why(client, dependencies, capsys):
    dependencies("database", fail)
    dependencies("cache", lambda: None)
    assert ask(client) == (503, {"status": "unavailable", "failing": ["database"]})
    assert "ConnectionError" not in client.get("/readyz").text
    logged = capsys.readouterr().out
    assert "readiness: database failed" in logged
    assert "hunter2" not in logged


def test_readiness_recovers_by_itself(client, dependencies, stale):
    broken = [True]
    dependencies("database", lambda: fail() if broken[0] else None)
    assert ask(client)[0] == 503
    broken[0] = False
    assert ask(client)[0] == 200


def test_a_check_that_hangs_fails_without_binding_more_than_one_thread(client, dependencies, stale, monkeypatch):
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 0.05)
    release, calls = threading.Event(), []

    def hang():
        calls.append(threading.current_thread())
        release.wait(60)

    dependencies("database", hang)
    try:
        for _ in range(3):
            assert ask(client) == (503, {"status": "unavailable", "failing": ["database"]})
        assert len(calls) == 1
        assert calls[0].daemon
    finally:
        release.set()
    calls[0].join(60)
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 60)
    assert ask(client)[0] == 200


def test_checks_are_asked_at_the_same_time(client, dependencies, monkeypatch):
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 60)
    together = threading.Barrier(3, timeout=60)  # breaks unless all three wait at once
    for name in ("database", "cache", "queue"):
        dependencies(name, together.wait)
    assert ask(client)[0] == 200


def test_an_answer_is_kept_for_a_moment(client, dependencies, monkeypatch):
    monkeypatch.setattr(health, "FRESH_SECONDS", 3_600)
    calls = []
    dependencies("database", lambda: calls.append(time.monotonic()))
    assert [ask(client)[0] for _ in range(5)] == [200] * 5
    assert len(calls) == 1
