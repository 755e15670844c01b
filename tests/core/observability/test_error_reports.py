"""What tests/stack/test_error_reports.py cannot see from outside: what is chosen, and what is not even loaded."""

import logging
import subprocess
import sys

import pytest

from app.core.observability.error_reports import COLLECTED, cleaner, sampler
from app.core.observability.redaction import Redactor
from app.core.observability.tracking import request_id
from tests.conftest import PROJECT, TESTING

DSN = "http://publickey@127.0.0.1:1/42"
SECRET = "correct-horse-battery"


@pytest.fixture
def clean():
    return cleaner(Redactor([SECRET]), {"commit": "abc1234"})


def evaluate(code: str, **variables: str) -> str:
    """Run code in a Python of its own: starting the SDK is for the whole process, and cannot be undone."""
    command = [sys.executable, "-c", f"import sys\nfrom wsgi import app\n{code}"]
    return subprocess.run(
        command, env={**TESTING, **variables}, cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]


def test_without_a_dsn_the_sdk_is_not_even_imported():
    assert evaluate("print('sentry_sdk' in sys.modules)") == "False"
    assert evaluate("print('sentry_sdk' in sys.modules)", SENTRY_DSN=DSN) == "True"


def test_only_the_integrations_that_were_chosen_are_active():
    code = "import sentry_sdk\nprint(*sorted(sentry_sdk.get_client().integrations))"
    expected = {"atexit", "dedupe", "logging"}
    assert set(evaluate(code, SENTRY_DSN=DSN, SENTRY_TRACES_SAMPLE_RATE="0").split()) == expected
    assert set(evaluate(code, SENTRY_DSN=DSN).split()) == expected | {"sqlalchemy"}


def test_no_kind_of_data_is_left_to_the_defaults_of_the_sdk():
    code = "import sentry_sdk\nprint(*sentry_sdk.get_client().options['data_collection'])"
    assert set(evaluate(code, SENTRY_DSN=DSN).split()) == set(COLLECTED) | {"provided_by_user"}


def test_starting_makes_no_thread_that_a_fork_would_lose():
    assert evaluate("import threading\nprint(threading.active_count())", SENTRY_DSN=DSN) == "1"


def test_a_report_loses_its_secrets_wherever_they_are(clean):
    event = {
        "exception": {"values": [{"value": f"refused {SECRET}"}]},
        "breadcrumbs": {"values": [{"message": "postgresql://app:hunter2@db/app", "data": {"password": "hunter2"}}]},
        "spans": [{"description": f"SELECT '{SECRET}'"}],
    }
    cleaned = str(clean(event, {}))
    assert SECRET not in cleaned
    assert "hunter2" not in cleaned
    assert "refused [redacted]" in cleaned


def test_a_report_keeps_the_headers_on_the_list_and_no_other(clean):
    headers = {"User-Agent": "tests/1", "X-Accept-Anything": "x", "X-Api-Key": "[Filtered]", "Cookie": "a=b"}
    assert clean({"request": {"headers": headers}}, {})["request"] == {"headers": {"User-Agent": "tests/1"}}


def test_a_report_names_the_request_it_belongs_to(clean):
    token = request_id.set("request-of-a-test")
    try:
        named = clean({"tags": {"given": "kept"}}, {})
    finally:
        request_id.reset(token)
    assert named["tags"] == {"given": "kept", "commit": "abc1234", "request_id": "request-of-a-test"}
    assert clean({}, {})["tags"] == {"commit": "abc1234"}


FOLLOWED = """
import sentry_sdk
from app.core.observability.error_reports import Followed, _environ
from werkzeug.test import create_environ

reports = []
sentry_sdk.get_client().transport.capture_envelope = lambda envelope: reports.append(envelope.get_event())

class Body:
    def __iter__(self):
        yield b""
        if STEP == "iteration": raise RuntimeError("failed")
    def close(self):
        if STEP == "closing": raise RuntimeError("failed")

def application(environ, start_response):
    sentry_sdk.set_tag("step", STEP)
    if STEP == "call": raise RuntimeError("failed")
    if STEP == "exit": sys.exit(0)
    return Body()

try:
    answer = Followed(application, create_environ("/v1/ping?q=1", "http://localhost"), None)
    try:
        list(answer)
    finally:
        answer.close()
except (RuntimeError, SystemExit):
    pass
sentry_sdk.capture_exception(RuntimeError("later"))
told = [(r["tags"].get("step"), r.get("transaction"), r.get("request", {}).get("url")) for r in reports]
print(told, _environ.get())
"""


@pytest.mark.parametrize("step", ["call", "iteration", "closing"])
def test_what_fails_outside_the_application_is_reported_with_its_request_which_is_then_forgotten(step):
    seen = evaluate(f"STEP = {step!r}\n{FOLLOWED}", SENTRY_DSN=DSN, SENTRY_TRACES_SAMPLE_RATE="0")
    assert seen == f"[({step!r}, '/v1/ping', 'http://localhost/v1/ping'), (None, None, None)] None"


@pytest.mark.parametrize("step", ["exit", "none"])
def test_a_request_that_ends_as_it_may_is_not_reported(step):
    seen = evaluate(f"STEP = {step!r}\n{FOLLOWED}", SENTRY_DSN=DSN, SENTRY_TRACES_SAMPLE_RATE="0")
    assert seen == "[(None, None, None)] None"


def test_a_line_without_a_traceback_is_not_reported(clean):
    record = logging.makeLogRecord({"msg": "the database is not available"})
    assert clean({"logentry": {}}, {"log_record": record}) is None
    assert clean({"logentry": {}}, {"log_record": record, "exc_info": (ValueError, ValueError(), None)})


def test_probes_and_metrics_are_never_traced():
    sample = sampler(0.5)
    assert sample({"wsgi_environ": {"PATH_INFO": "/v1/notes"}}) == 0.5
    for path in ("/healthz", "/readyz", "/metrics"):
        assert sample({"wsgi_environ": {"PATH_INFO": path}}) == 0


def test_without_a_rate_nothing_is_traced():
    assert sampler(0.0) is None
