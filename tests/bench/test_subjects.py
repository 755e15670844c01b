"""Applications in processes of their own: what is measured is the right answer, or nothing."""

import os
import subprocess

import pytest

from bench import BenchmarkError
from bench.measuring.subjects import subject
from bench.sections.contenders import OUR_HEADERS, Contender

ENVIRON = {"PATH": os.environ["PATH"]}


def held(application):
    return subject("it", application, ENVIRON, subprocess.DEVNULL)


def test_an_application_answers_and_tells_what_a_call_costs():
    with held("bench.apps.raw:app") as one:
        assert one.answer("/v1/ping").body == '{"message":"pong"}\n'
        assert 0 < one.microseconds(["/v1/ping"], 0.001) < 1_000_000


def test_an_error_page_is_not_measured():
    with held("bench.apps.bare:app") as one, pytest.raises(BenchmarkError, match="404 NOT FOUND"):
        Contender("", ENVIRON, ["/nothing"]).check(one)


def test_an_answer_without_our_headers_is_not_measured():
    with held("bench.apps.bare:app") as one, pytest.raises(BenchmarkError, match="Content-Security-Policy"):
        Contender("", ENVIRON, headers=OUR_HEADERS).check(one)


def test_an_answer_with_another_content_is_not_measured(tmp_path):
    (tmp_path / "other.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'{}']\n"
    )
    other = subject("it", "other:app", {**ENVIRON, "PYTHONPATH": str(tmp_path)}, subprocess.DEVNULL)
    with other as one, pytest.raises(BenchmarkError, match=r"it answers 200 OK, '\{\}'"):
        Contender("", ENVIRON).check(one)


def test_an_application_that_cannot_be_loaded_is_named():
    with held("bench.apps.nothing:app") as one, pytest.raises(BenchmarkError, match="it has ended"):
        one.answer("/v1/ping")
