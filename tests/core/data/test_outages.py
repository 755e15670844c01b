import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.core.data.outages import Breaker, Outage

FOREVER = 3600
log = logging.getLogger("test")


@pytest.fixture
def outage():
    return Outage(log, "it is gone", "it is back")


def said(caplog):
    return [record.getMessage() for record in caplog.records]


def test_an_outage_is_told_once_and_its_end_once(outage, caplog):
    for _ in range(2):
        outage.end()
        for number in range(3):
            outage.begin(OSError(f"failure {number}"))
        outage.end()
    assert said(caplog) == ["it is gone: failure 0", "it is back"] * 2


def test_an_outage_that_many_threads_notice_is_told_once(outage, caplog):
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: outage.begin(OSError("failure")), range(200)))
    assert said(caplog) == ["it is gone: failure"]


def test_what_answers_may_always_be_asked(outage):
    breaker = Breaker(outage, FOREVER)
    assert [breaker.may_ask() for _ in range(3)] == [True] * 3


def test_what_failed_is_not_asked_until_the_pause_is_over(outage):
    breaker = Breaker(outage, FOREVER)
    breaker.failed(OSError())
    assert [breaker.may_ask() for _ in range(3)] == [False] * 3


def test_when_the_pause_is_over_one_asks_and_the_others_wait_for_the_outcome(outage):
    breaker = Breaker(outage, FOREVER)
    breaker.failed(OSError())
    breaker._ask_again_at = 0
    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(lambda _: breaker.may_ask(), range(200))) == 1
    breaker.answered()
    assert breaker.may_ask()
    assert breaker.may_ask()
