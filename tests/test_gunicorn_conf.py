"""Gunicorn's settings, read from gunicorn.conf.py by Gunicorn itself."""

import gc
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy import Integer
from sqlalchemy.orm import declarative_base, mapped_column

from app.config import load_config
from app.config.environments import Production
from app.config.setting import settings_of
from app.core.observability.metrics import files

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def load(production, monkeypatch, tmp_path):
    """A function that returns Gunicorn's configuration in production, with changes to the environment."""

    def load(**changes):
        for name in os.environ:
            monkeypatch.delenv(name)
        for name, value in {**production, **changes, files.VARIABLE: str(tmp_path)}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["gunicorn"])
        monkeypatch.setattr(sys, "modules", dict(sys.modules))  # in debug mode the file forgets the application
        monkeypatch.chdir(PROJECT)
        return WSGIApplication().cfg

    return load


@pytest.mark.parametrize(
    ("variable", "value", "setting", "expected"),
    [
        ("BIND", "unix:/run/app.sock", "bind", ["unix:/run/app.sock"]),
        ("SERVICE_NAME", "orders", "proc_name", "orders"),
        ("WEB_CONCURRENCY", "7", "workers", 7),
        ("WEB_THREADS", "9", "threads", 9),
        ("WEB_TIMEOUT_SECONDS", "41", "timeout", 41),
        ("WEB_GRACEFUL_TIMEOUT_SECONDS", "17", "graceful_timeout", 17),
        ("WEB_MAX_REQUESTS", "0", "max_requests", 0),
        ("WEB_MAX_REQUESTS_JITTER", "5", "max_requests_jitter", 5),
    ],
)
def test_a_setting_of_the_environment_reaches_gunicorn(load, variable, value, setting, expected):
    assert load().settings[setting].get() != expected
    assert load(**{variable: value}).settings[setting].get() == expected


def test_no_web_setting_is_forgotten():
    tested = next(mark for mark in test_a_setting_of_the_environment_reaches_gunicorn.pytestmark).args[1]
    assert {name for name in settings_of(Production) if name.startswith("WEB_")} <= {row[0] for row in tested}


def test_the_defaults_of_the_service_hold(load, production):
    cfg, config = load(), load_config(production)
    assert cfg.address == [("127.0.0.1", 8000)]
    assert (cfg.workers, cfg.threads) == (config.WEB_CONCURRENCY, 4)
    assert (cfg.timeout, cfg.graceful_timeout) == (30, 30)
    assert (cfg.max_requests, cfg.max_requests_jitter) == (10_000, 1_000)


def test_requests_are_served_by_threads(load):
    assert issubclass(load().worker_class, ThreadWorker)
    assert issubclass(load(WEB_THREADS="1").worker_class, ThreadWorker)


def test_the_application_is_loaded_before_the_fork_and_never_reloaded_in_production(load):
    cfg = load()
    assert (cfg.wsgi_app, cfg.preload_app, cfg.reload) == ("wsgi:app", True, False)


def test_pages_and_models_are_prepared_once_for_all_workers(load, create):
    class Thing(declarative_base()):
        __tablename__ = "things"
        id = mapped_column(Integer, primary_key=True)

    app, cfg = create(), load()
    cfg.when_ready(SimpleNamespace(app=SimpleNamespace(wsgi=lambda: app)))
    gc.unfreeze()  # that was for a process which ends with its service
    assert Thing.__mapper__.configured
    names = app.jinja_env.list_templates()
    app.jinja_env.loader.load = None  # it would fail if it were called again
    assert {app.jinja_env.get_template(name).name for name in names} == set(names) >= {"base.html"}


def test_while_debugging_nothing_is_prepared_for_there_is_no_application_yet(load):
    load(APP_ENV="development", FLASK_DEBUG="1").when_ready(None)


def test_while_debugging_workers_load_the_application_themselves_and_reload_it(load):
    cfg = load(APP_ENV="development", FLASK_DEBUG="1")
    assert (cfg.preload_app, cfg.reload) == (False, True)


def test_idle_connections_outlive_those_of_the_proxy(load):
    assert load().keepalive > 60


def test_gunicorn_opens_no_control_socket(load):
    assert load().control_socket_disable is True


def test_gunicorn_believes_no_header(load):
    cfg = load()
    assert cfg.forwarder_headers == []
    assert cfg.secure_scheme_headers == {}


def test_gunicorn_is_given_no_permission_to_be_lenient(load):
    cfg = load()
    lenient = [name for name in cfg.settings if name.startswith(("permit_", "strip_header", "casefold", "tolerate_"))]
    assert lenient
    assert not any(cfg.settings[name].get() for name in lenient)


def test_heartbeats_are_kept_in_memory_where_the_system_has_such_a_place(load):
    assert load().worker_tmp_dir == ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)


def test_gunicorn_logs_as_the_service_does_and_writes_no_access_log_of_its_own(load):
    cfg = load(LOG_LEVEL="WARNING", SERVICE_NAME="orders")
    assert cfg.accesslog is None
    assert cfg.logconfig_dict["root"]["level"] == "WARNING"
    assert cfg.logconfig_dict["formatters"]["lines"]["config"]["SERVICE_NAME"] == "orders"
