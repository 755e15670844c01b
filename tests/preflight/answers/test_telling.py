import time
from email.utils import formatdate

import pytest

from app.preflight.answers import telling
from tests.preflight.looking import found, not_checked, passes

CHECKS = [telling.clock, telling.release]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


@pytest.mark.parametrize(("seconds", "direction"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_wrong_is_found(seconds, direction, spoiled):
    site = spoiled(lambda answer: answer.set("Date", formatdate(time.time() + seconds, usegmt=True)))
    [said] = found(telling.clock, site)
    assert said.startswith(("medium: It is 36", "medium: It is 35"))
    assert f"seconds {direction} this machine's." in said


def test_without_a_date_nothing_is_known_of_the_clock(spoiled):
    assert "no Date" in not_checked(telling.clock, spoiled(lambda answer: answer.drop("Date")))


def test_a_service_that_does_not_know_its_release_is_a_warning(behind):
    assert found(telling.release, behind(RELEASE="unreleased")) == ["low: It calls itself unreleased."]


def test_without_the_document_nothing_is_known_of_the_release(spoiled):
    def hide(answer):
        if answer.path == "/openapi.json":
            answer.body = b"{}"

    assert "names no version" in not_checked(telling.release, spoiled(hide))
