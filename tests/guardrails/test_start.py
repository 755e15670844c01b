"""What a start loads: nothing of what is not configured, and, before there are workers, all of what is."""

import json
import subprocess
import sys

import pytest

from tests.conftest import PRODUCTION, PROJECT, UNREACHABLE

SETTINGS = """
import gc, runpy

runpy.run_path("gunicorn.conf.py")
print(gc.get_stats()[2]["collections"], gc.isenabled())
"""
REPORT = """
import gc, json, pathlib, sys

def searches():
    return sum(generation["collections"] for generation in gc.get_stats()[1:])

searches_before = searches()

from wsgi import app

searches_after = searches()

from werkzeug.test import create_environ, run_wsgi_app

def ask(path):
    environ = create_environ(path, "https://example.org", headers={"X-Forwarded-Proto": "https"})
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    return status

before = set(sys.modules)
statuses = {path: ask(path) for path in sys.argv[2:]}
pathlib.Path(sys.argv[1]).write_text(json.dumps({
    "statuses": statuses,
    "modules": sorted(sys.modules),
    "later": {name: getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - before},
    "searches": searches_after - searches_before,
    "collecting": gc.isenabled(),
    "frozen": gc.get_freeze_count(),
}))
"""


def report(folder, environ, *paths):
    """Load the service in a process of its own, ask it for `paths`, and return what it says of itself."""
    variables = {**PRODUCTION, **environ, "METRICS_BIND": "127.0.0.1:9", "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    command = [sys.executable, "-c", REPORT, folder / "report.json", *paths]
    result = subprocess.run(command, cwd=PROJECT, env=variables, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads((folder / "report.json").read_text())


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A service with a database and an address for its metrics, after its first answer."""
    said = report(tmp_path_factory.mktemp("metrics"), {"DATABASE_URL": UNREACHABLE}, "/v1/ping")
    assert said["statuses"] == {"/v1/ping": "200 OK"}
    return said


@pytest.mark.parametrize(
    ("package", "wanted_by"),
    [
        ("alembic", "flask db"),
        ("flask_migrate", "flask db"),
        ("mako", "flask db"),
        ("redis", "REDIS_URL"),
        ("limits", "REDIS_URL"),
        ("rq", "REDIS_URL"),
        ("croniter", "a task with a schedule of cron"),
        ("flask_cors", "CORS_ORIGINS"),
        ("sentry_sdk", "SENTRY_DSN"),
        ("opentelemetry", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("minio", "S3_ENDPOINT"),
        ("smtplib", "a worker that sends mail"),
    ],
)
def test_what_nobody_has_asked_for_is_not_loaded(plain, package, wanted_by):
    loaded = [name for name in plain["modules"] if name.partition(".")[0] == package]
    assert loaded == [], f"only {wanted_by} needs it"


def test_what_a_worker_needs_is_there_before_it_is_forked(database, redis, tmp_path):
    """What is imported after the fork costs each worker its own memory, and its first client the time."""
    environ = {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "SESSION_STORE": "redis",
        "CORS_ORIGINS": "https://elsewhere.example",
        "SENTRY_DSN": "http://key@127.0.0.1:9/1",
    }
    said = report(tmp_path, environ, "/healthz", "/readyz", "/v1/ping", "/v1/notes", "/notes", "/", "/nothing")
    assert said["statuses"].pop("/nothing") == "404 NOT FOUND"
    assert set(said["statuses"].values()) == {"200 OK"}
    assert [name for name, file in said["later"].items() if "site-packages" in (file or "")] == []


def test_what_is_loaded_is_never_searched_for_garbage_and_what_comes_later_is(plain):
    assert plain["searches"] == 0
    assert plain["frozen"] > 50_000
    assert plain["collecting"]


def test_gunicorns_settings_load_it_likewise():
    command = [sys.executable, "-c", SETTINGS]
    result = subprocess.run(command, cwd=PROJECT, env=PRODUCTION, capture_output=True, text=True, check=False)
    assert result.stdout.split() == ["0", "True"], result.stderr
