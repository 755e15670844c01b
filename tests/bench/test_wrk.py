from dataclasses import replace

import pytest

from bench import BenchmarkError
from bench.measuring import wrk

PRINTED = """Running 2s test @ http://127.0.0.1:1/
  2 requests in 2.00s, 246.00B read
RESULT {"requests": 2000, "seconds": 2.000000, "errors": 3, "p50": 1.5, "p95": 2.5, "p99": 9.25}
"""


def test_what_the_script_prints_is_found_among_the_lines_of_wrk():
    load = wrk.parse(PRINTED)
    assert (load.requests, load.errors, load.p50, load.p95, load.p99) == (2000, 3, 1.5, 2.5, 9.25)
    assert load.per_second == 1000


def test_a_load_of_failures_is_refused():
    load = wrk.parse(PRINTED)
    assert wrk.accepted(load, "it") is load
    for failed in (replace(load, errors=500), replace(load, requests=0)):
        with pytest.raises(BenchmarkError, match=r"it: \d+ requests failed"):
            wrk.accepted(failed, "it")


def test_an_output_without_a_result_is_refused():
    with pytest.raises(BenchmarkError, match="no result"):
        wrk.parse("Running 2s test\n")
