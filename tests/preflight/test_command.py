import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from app.preflight import alone, command
from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS

FLASK = Path(sys.executable).with_name("flask")


def typed(*arguments, **environ):
    """Run the command as it is typed, in a process without any other settings."""
    return subprocess.run(
        [FLASK, "preflight", *map(str, arguments)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=5 * GENEROUS_SECONDS,
        check=False,
    )


class Result(NamedTuple):
    """What a run has printed, and its status."""

    returncode: int
    stdout: str
    stderr: str


def preflight(*arguments, **environ):
    """Run the command in this process, with these settings alone."""
    runner = CliRunner(env={**dict.fromkeys(os.environ), **environ})
    result = runner.invoke(command.preflight, list(map(str, arguments)))
    return Result(result.exit_code, result.stdout, result.stderr)


def preflight_at(front, *arguments, run=preflight, **environ):
    at = ["--url", front.url, "--cacert", front.certificate, "--http-port", front.http_port, "--timeout", 60]
    return run(*at, "--deadline", 600, *arguments, **environ)


def test_a_laptop_without_settings_asks_a_deployment(front):
    result = preflight_at(front, run=typed)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout
    assert "localhost" in result.stdout
    assert "the settings here are not of that address" in result.stdout
    assert "\033[" not in result.stdout


def test_what_is_to_mend_makes_the_status_1_and_json_says_what(front):
    front.spoil = lambda answer: answer.drop("X-Frame-Options")
    result = preflight_at(front, "--json")
    assert result.returncode == 1
    said = json.loads(result.stdout)
    assert all(each.keys() == {"check", "severity", "what", "why", "mend"} for each in said["findings"])
    assert {each["check"] for each in said["findings"] if each["severity"] != "low"} == {"headers"}
    assert said.keys() == {"shape", "at", "looked_at", "to_mend", "findings", "not_checked", "passed"}
    assert (said["shape"], said["to_mend"], said["looked_at"]) == (1, 5, front.url)
    assert "certificate" in said["passed"]
    assert all(each.keys() == {"check", "reason", "how"} for each in said["not_checked"])


def test_settings_of_the_same_address_are_looked_at_as_well(front, preflight_environ, tmp_path):
    environ = preflight_environ | {"PUBLIC_URL": front.url}
    result = preflight_at(front, "--json", "--backups", tmp_path, **environ)
    said = json.loads(result.stdout)
    assert {"certificate", "database", "migrations", "settings", "redis"} <= set(said["passed"])


def test_without_a_url_the_settings_are_looked_at(preflight_environ, tmp_path):
    result = preflight("--json", "--backups", tmp_path, **preflight_environ)
    said = json.loads(result.stdout)
    assert {"database", "migrations", "settings", "redis"} <= set(said["passed"])
    assert "certificate" in {each["check"] for each in said["not_checked"]}


def test_settings_that_are_refused_are_told_with_what_to_mend():
    result = typed(SECRET_KEY="short", PUBLIC_URL="https://example.org", PROXY_HOPS_PROTO="1")
    assert result.returncode == 1
    assert "SECRET_KEY: 5 characters; at least 32 are needed" in result.stdout
    assert "DATABASE_URL: missing or empty" in result.stdout
    assert "Traceback" not in result.stderr


def test_a_secret_is_never_printed(preflight_environ, tmp_path):
    password = "correct-horse-battery-staple"
    url = f"postgresql://somebody:{password}@127.0.0.1:1/nothing"
    result = preflight("--json", "--backups", tmp_path, **preflight_environ | {"DATABASE_URL": url})
    assert result.returncode == 1
    assert password not in result.stdout + result.stderr
    assert preflight_environ["SECRET_KEY"] not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.org", "asked over TLS"),
        ("example.org", "not a URL that starts with https://"),
        ("https://example.org/path", "not an origin"),
        ("https://user@example.org", "not an origin"),
        ("https://", "not an origin"),
        ("https://127.0.0.1:1", "cannot be reached at port 1: connection refused"),
        ("https://nowhere.invalid", "the name nowhere.invalid cannot be looked up"),
    ],
)
def test_an_address_that_cannot_be_asked_ends_with_2_and_says_why(url, said):
    result = preflight("--url", url)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    as_json = preflight("--url", url, "--json")
    assert as_json.returncode == 2
    assert said in as_json.stderr
    document = json.loads(as_json.stdout)
    assert document.keys() == {"shape", "at", "looked_at", "error"}
    assert (document["shape"], said in document["error"]) == (1, True)


class Stranger(BaseHTTPRequestHandler):
    """Some other server: a page for everything, or a redirect to itself."""

    def do_GET(self):
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Welcome</h1>")

    def log_message(self, *_):
        pass


@contextmanager
def stranger(front, status=200, location=None):
    """Run another server behind the front."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    server.status, server.location = status, location
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    front.backend = server.server_port
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def test_another_server_is_told_apart_from_ours(front):
    with stranger(front):
        result = preflight_at(front)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "200 text/html: that is no service of this kind" in result.stderr


def test_a_redirect_is_not_followed_so_none_goes_on_for_ever(front):
    with stranger(front, 301, "/healthz"):
        result = preflight_at(front)
    assert result.returncode == 2
    assert "301 text/html to /healthz: name the address that serves" in result.stderr


def test_a_proxy_without_a_service_is_told(front):
    with stranger(front, 502):
        result = preflight_at(front)
    assert result.returncode == 2
    assert "nothing answers behind the proxy" in result.stderr


def test_a_server_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = preflight("--url", f"https://127.0.0.1:{silent.getsockname()[1]}", "--timeout", 1)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "does not answer the greeting of TLS: nothing within 1 s" in result.stderr


def test_a_server_without_tls_is_told(front):
    result = preflight("--url", f"https://localhost:{front.http_port}")
    assert result.returncode == 2
    assert "does not speak TLS there" in result.stderr


def test_a_certificate_that_nobody_trusts_is_one_finding_and_the_rest_is_checked(front):
    result = preflight("--url", front.url, "--http-port", front.http_port, "--json", "--timeout", 60, "--deadline", 600)
    said = json.loads(result.stdout)
    assert result.returncode == 1
    assert [each["check"] for each in said["findings"] if each["severity"] != "low"] == ["certificate"]
    assert "headers" in said["passed"]


def test_what_is_checked_can_be_listed():
    result = preflight("--checks")
    assert result.returncode == 0
    assert "| `certificate` | critical | " in result.stdout
    assert "| `migrations` | critical | " in result.stdout


def test_what_is_checked_can_be_listed_for_programs():
    result = preflight("--checks", "--json")
    assert result.returncode == 0
    checks = json.loads(result.stdout)["checks"]
    assert {"certificate", "migrations"} < {check["name"] for check in checks}
    assert all(check.keys() == {"name", "severity", "promise", "why"} for check in checks)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--address", "not an address"], "not a host name or an address"),
        (["--http-port", "0"], "0 is not in the range"),
        (["--cacert", "/nowhere"], "does not exist"),
        (["--nothing"], "No such option"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_option_that_makes_no_sense_ends_with_2(options, said):
    result = preflight("--url", "https://example.org", *options)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    as_json = preflight("--url", "https://example.org", *options, "--json")
    assert as_json.returncode == 2
    assert said in json.loads(as_json.stdout)["error"]


def test_only_preflight_runs_without_the_application(monkeypatch):
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    monkeypatch.setattr(sys, "argv", ["flask", "db", "upgrade"])
    assert alone() is None
    monkeypatch.setattr(sys, "argv", ["flask", "preflight", "--checks"])
    assert list(alone().cli.commands) == ["preflight"]
    monkeypatch.delenv("FLASK_RUN_FROM_CLI")
    assert alone() is None


def test_the_application_has_the_command_too(app):
    assert "nothing to mend" not in app.test_cli_runner().invoke(args=["preflight", "--checks"]).output
    assert "preflight" in app.cli.commands
