import pytest

from app.preflight import answers, edge, inside
from app.preflight.checks import SEVERITIES, checks_in

CHECKS = checks_in(edge, answers, inside)


def test_no_two_checks_have_one_name():
    names = [check.name for check in CHECKS]
    assert sorted(names) == sorted(set(names))
    assert len(names) > 40


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_each_check_says_what_it_promises_and_why(check):
    assert check.severity in SEVERITIES
    assert check.promise.endswith(".")
    assert check.why.endswith(".")
    assert check.look.__doc__
