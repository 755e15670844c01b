import json

import pytest

from app.preflight.answers import errors
from tests.preflight.looking import found, passes

CHECKS = [errors.errors_api, errors.errors_pages, errors.errors_odd]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def without(member):
    def spoil(answer):
        if answer.status in {404, 405} and answer.path.startswith("/v1"):
            problem = json.loads(answer.body)
            del problem[member]
            answer.body = json.dumps(problem).encode()

    return spoil


def as_a_page(answer):
    if answer.status >= 400:
        answer.body = b"<h1>Error</h1>"
        answer.set("Content-Type", "text/html")


def test_errors_of_the_api_as_pages_are_found(spoiled):
    said = found(errors.errors_api, spoiled(as_a_page))
    assert [line.rpartition("with ")[2] for line in said] == ["404 text/html.", "405 text/html."]


def test_a_problem_without_an_id_is_found(spoiled):
    said = found(errors.errors_api, spoiled(without("request_id")))
    assert all(line.endswith("without request_id.") for line in said)
    assert len(said) == 2


def test_another_id_than_that_of_the_header_is_found(spoiled):
    said = found(errors.errors_api, spoiled(lambda answer: answer.set("X-Request-ID", "another")))
    assert all("its id is not that of its header" in line for line in said)


def test_a_405_that_does_not_say_what_is_offered_is_a_warning(spoiled):
    [said] = found(errors.errors_api, spoiled(lambda answer: answer.drop("Allow")))
    assert said.startswith("low: DELETE")


def test_what_is_not_there_and_answered_is_found(spoiled):
    def serve(answer):
        if answer.status == 404:
            answer.status = 200

    assert "and not with 404." in found(errors.errors_api, spoiled(serve))[0]
    assert "and not with a page and 404." in found(errors.errors_pages, spoiled(serve))[0]


def test_a_page_without_the_id_is_a_warning(spoiled):
    said = found(errors.errors_pages, spoiled(as_a_page))
    assert said == ["low: The page of an error does not show the request's id."]


def test_an_error_that_may_be_kept_is_a_warning(spoiled):
    [said] = found(errors.errors_pages, spoiled(lambda answer: answer.set("Cache-Control", "max-age=60")))
    assert said.startswith("low: ")
    assert said.endswith("and may be kept.")


def test_a_crash_on_what_makes_no_sense_is_found(spoiled):
    def crash(answer):
        if answer.path == "/%00":
            answer.status = 500

    [said] = found(errors.errors_odd, spoiled(crash))
    assert said.startswith("high: A zero byte in the address: ")


def test_an_answer_that_shows_what_happened_inside_is_found(spoiled):
    def show(answer):
        if answer.path.startswith("/preflight-"):
            answer.body += b"Traceback (most recent call last)"

    [said] = found(errors.errors_odd, spoiled(show))
    assert said.startswith("critical: ")
    assert said.endswith("and shows 'Traceback (most recent'.")
