"""Every way in which a configuration is refused, through every way in which the service is started."""

import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import ConfigError, load_config

PROJECT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
ENTRY_POINTS = [
    [PROGRAMS / "gunicorn"],
    [PROGRAMS / "flask", "db", "current"],
    [sys.executable, "-c", "import wsgi"],
]

# What is changed in a good environment for production, the variable that the message names, and what it says.
TABLE = [
    ({"APP_ENV": "prod"}, "APP_ENV", "not one of"),
    ({"APP_ENV": "Production"}, "APP_ENV", "not one of"),
    ({"APP_CONFIG_FILE": "/nothing/settings"}, "APP_CONFIG_FILE", "No such file"),
    ({"APP_CONFIG_FILE": str(PROJECT / "wsgi.py")}, "APP_CONFIG_FILE", "line 1 of wsgi.py is not NAME=value"),
    ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG", "the debugger"),
    ({"RELEASE": "1.0\nforged"}, "RELEASE", "control characters"),
    ({"SERVICE_NAME": "a\x1b[31m"}, "SERVICE_NAME", "control characters"),
    ({"PUBLIC_URL": None}, "PUBLIC_URL", "missing"),
    ({"PUBLIC_URL": ""}, "PUBLIC_URL", "empty"),
    ({"PUBLIC_URL": "http://example.org"}, "PUBLIC_URL", "must start with https://"),
    ({"PUBLIC_URL": "example.org"}, "PUBLIC_URL", "not a URL"),
    ({"PUBLIC_URL": "https://example.org/app"}, "PUBLIC_URL", "not an origin"),
    ({"SECRET_KEY": None}, "SECRET_KEY", "missing"),
    ({"SECRET_KEY": "   "}, "SECRET_KEY", "empty"),
    ({"SECRET_KEY": "hunter2-hunter2"}, "SECRET_KEY", "15 characters"),
    ({"SECRET_KEY": "change-me" * 8}, "SECRET_KEY", "well-known"),
    ({"SECRET_KEY": "k" * 64}, "SECRET_KEY", "guessable"),
    ({"SECRET_KEY_FILE": "/dev/null"}, "SECRET_KEY", "given twice"),
    ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nothing/key"}, "SECRET_KEY", "No such file"),
    ({"SECRET_KEY_FALLBACKS": "too-short-a-key"}, "SECRET_KEY_FALLBACKS", "15 characters"),
    ({"SECRET_KEY_FALLBACKS_FILE": sys.executable}, "SECRET_KEY_FALLBACKS", "not UTF-8"),
    ({"DATABASE_URL": None}, "DATABASE_URL", "missing"),
    ({"DATABASE_URL": "sqlite:///secret.db"}, "DATABASE_URL", "postgresql://"),
    ({"DATABASE_URL": "postgresql://app:pa55word@/db"}, "DATABASE_URL", "names no host"),
    ({"DATABASE_URL": "postgresql://app:pa55word@host"}, "DATABASE_URL", "names no database"),
    ({"DATABASE_URL": "postgresql://app:pa55word@host:port/db"}, "DATABASE_URL", "malformed"),
    ({"DATABASE_URL_FILE": "/dev/null"}, "DATABASE_URL", "given twice"),
    ({"REDIS_URL": "http://:pa55word@host"}, "REDIS_URL", "not a URL that starts with redis://"),
    ({"REDIS_URL": "redis://:pa55word@host/name"}, "REDIS_URL", "not a number"),
    ({"REDIS_URL": "redis://:pa55word@host?socket_timeout=abc"}, "REDIS_URL", "an option other than db"),
    ({"REDIS_URL_FILE": "/dev/null"}, "REDIS_URL", "empty"),
    ({"SENTRY_DSN": "https://errors.example/1"}, "SENTRY_DSN", "not a DSN"),
    ({"SENTRY_DSN_FILE": "/"}, "SENTRY_DSN", "Is a directory"),
    ({"TRUSTED_HOSTS": "*"}, "TRUSTED_HOSTS", "wildcard"),
    ({"TRUSTED_HOSTS": "example.org:443"}, "TRUSTED_HOSTS", "not a host name"),
    ({"PROXY_HOPS_PROTO": "0"}, "PROXY_HOPS_PROTO", "redirected to https for ever"),
    ({"PROXY_HOPS_PROTO": None}, "PROXY_HOPS_PROTO", "redirected to https for ever"),
    ({"PROXY_HOPS_FOR": "all"}, "PROXY_HOPS_FOR", "not a whole number"),
    ({"PROXY_HOPS_HOST": "-1"}, "PROXY_HOPS_HOST", "not a whole number"),
    ({"PROXY_HOPS_PREFIX": "10"}, "PROXY_HOPS_PREFIX", "from 0 to 9"),
    ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS", "not a URL"),
    ({"CORS_ORIGINS": "https://*"}, "CORS_ORIGINS", "not a host name"),
    ({"HSTS_SECONDS": "forever"}, "HSTS_SECONDS", "not a whole number"),
    ({"MAX_CONTENT_LENGTH": "1MB"}, "MAX_CONTENT_LENGTH", "not a whole number"),
    ({"LOG_LEVEL": "shouting"}, "LOG_LEVEL", "not one of DEBUG, INFO"),
    ({"LOG_FORMAT": "parquet"}, "LOG_FORMAT", "not one of json, console"),
    ({"LOG_FILE": "/nowhere/service.log"}, "LOG_FILE", "cannot be written to"),
    ({"LOG_SYSLOG": "/nowhere/log"}, "LOG_SYSLOG", "neither a socket"),
    ({"LOG_SYSLOG": "nowhere.invalid:514"}, "LOG_SYSLOG", "its host cannot be found"),
    ({"BIND": "8000"}, "BIND", "not host:port"),
    ({"METRICS_BIND": "127.0.0.1:0"}, "METRICS_BIND", "not host:port"),
    ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY", "from 1 to 512"),
    ({"WEB_THREADS": "four"}, "WEB_THREADS", "not a whole number"),
    ({"WEB_TIMEOUT_SECONDS": "0"}, "WEB_TIMEOUT_SECONDS", "from 1"),
    ({"WEB_GRACEFUL_TIMEOUT_SECONDS": "30s"}, "WEB_GRACEFUL_TIMEOUT_SECONDS", "not a whole number"),
    ({"WEB_MAX_REQUESTS": "-1"}, "WEB_MAX_REQUESTS", "from 0"),
    ({"WEB_MAX_REQUESTS_JITTER": "1e3"}, "WEB_MAX_REQUESTS_JITTER", "not a whole number"),
    ({"DB_POOL_SIZE": "0"}, "DB_POOL_SIZE", "from 1 to 1000"),
    ({"DB_POOL_MAX_OVERFLOW": "-1"}, "DB_POOL_MAX_OVERFLOW", "from 0"),
    ({"DB_POOL_TIMEOUT_SECONDS": "0"}, "DB_POOL_TIMEOUT_SECONDS", "from 1"),
    ({"DB_POOL_RECYCLE_SECONDS": "29"}, "DB_POOL_RECYCLE_SECONDS", "from 30"),
    ({"DB_CONNECT_TIMEOUT_SECONDS": "0.5"}, "DB_CONNECT_TIMEOUT_SECONDS", "not a whole number"),
    ({"DB_STATEMENT_TIMEOUT_MS": "0"}, "DB_STATEMENT_TIMEOUT_MS", "from 1"),
    ({"DB_MIGRATION_LOCK_TIMEOUT_SECONDS": "0"}, "DB_MIGRATION_LOCK_TIMEOUT_SECONDS", "from 1"),
]
NAMES = [" ".join(f"{name}={value!r}" for name, value in changes.items()) for changes, _, _ in TABLE]


def changed(environ, changes):
    return {name: value for name, value in {**environ, **changes}.items() if value is not None}


def together():
    """The table in as few environments as possible: in each, every variable is wrong in one way at most."""
    batches = []
    for changes, variable, _ in TABLE:
        # Without a public URL over TLS nobody asks for PROXY_HOPS_PROTO.
        touched = {*changes, variable, *(["PUBLIC_URL"] if variable == "PROXY_HOPS_PROTO" else [])}
        batch = next((batch for batch in batches if not touched & batch[0]), None)
        if batch is None:
            batches.append(batch := (set(), {}, set()))
        for part, addition in zip(batch, (touched, changes, {variable}), strict=True):
            part.update(addition)
    return [(changes, variables) for _, changes, variables in batches]


def run(command, environ, cwd=PROJECT, question=""):
    return subprocess.run(
        command, cwd=cwd, env=environ, input=question, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(("changes", "variable", "words"), TABLE, ids=NAMES)
def test_a_bad_environment_is_refused_by_the_name_of_the_variable_without_repeating_its_value(
    production, changes, variable, words
):
    with pytest.raises(ConfigError) as refusal:
        load_config(changed(production, changes))
    assert list(refusal.value.problems) == [variable]
    assert words in refusal.value.problems[variable]
    assert "\n" not in str(refusal.value)
    spoken = [value for value in changes.values() if value and len(value) > 4 and value in str(refusal.value)]
    assert not spoken


def test_every_start_of_the_service_refuses_every_bad_environment_in_the_same_lines(production):
    batches = together()
    assert sum(len(variables) for _, variables in batches) == len(TABLE)

    def check(batch, command):
        changes, variables = batch
        environ = changed(production, changes)
        with pytest.raises(ConfigError) as refusal:
            load_config(environ)
        assert set(refusal.value.problems) == variables
        lines = [f"  {line}" for line in str(refusal.value).splitlines()]
        process = run(command, environ)
        assert process.stderr.splitlines() == [
            f"The configuration is not acceptable ({len(variables)} to mend):",
            *lines,
        ]
        assert (process.returncode, process.stdout) == (78, "")

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        checks = [pool.submit(check, batch, command) for batch in batches for command in ENTRY_POINTS]
    for done in checks:
        done.result()


def test_dotenv_is_not_installed_since_the_flask_command_would_read_it_in_production():
    assert importlib.util.find_spec("dotenv") is None


def test_a_dotenv_in_the_working_directory_has_no_effect_on_the_flask_command_in_production(production, tmp_path):
    for name in ("app", "migrations"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "wsgi.py", tmp_path)
    for name in (".env", ".flaskenv"):
        (tmp_path / name).write_text("DB_POOL_SIZE=31\nFLASK_APP=nothing\n")
    shell = [PROGRAMS / "flask", "shell"]
    question = "print('answer', app.config['DB_POOL_SIZE'], app.root_path)\n"
    for environ, size in ((production, 4), ({**production, "APP_ENV": "development"}, 31)):
        process = run(shell, environ, cwd=tmp_path, question=question)
        assert f"answer {size} {tmp_path}/app" in process.stdout, process.stderr
