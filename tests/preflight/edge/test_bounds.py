import socket

import pytest

from app.preflight.edge import bounds
from tests.conftest import PROJECT
from tests.preflight.looking import found, not_checked, passes

TAKING = pytest.mark.skipif(not (PROJECT / "app/features/notes").exists(), reason="no operation takes a body")


@TAKING
def test_the_service_as_it_is_passes(site):
    assert passes(bounds.body_limit, site)


@TAKING
def test_a_body_without_a_limit_is_found(spoiled):
    def accept(answer):
        if answer.status == 413:
            answer.status = 201

    [said] = found(bounds.body_limit, spoiled(accept))
    assert said.startswith("medium: Two gigabytes are announced: POST")
    assert said.endswith("and not with 413.")


@TAKING
def test_a_service_that_waits_for_all_of_it_is_found(site, front):
    site.get("/openapi.json")
    with socket.create_server(("127.0.0.1", 0)) as waiting:
        front.backend = waiting.getsockname()[1]
        site.seconds = 1
        [said] = found(bounds.body_limit, site)
    assert "not complete within 1 s" in said


@TAKING
def test_a_refusal_that_programs_cannot_read_is_a_warning(spoiled):
    [said] = found(bounds.body_limit, spoiled(lambda answer: answer.set("Content-Type", "text/html")))
    assert said.startswith("low: ")


def test_without_an_operation_that_takes_a_body_it_is_not_known(spoiled):
    def drop(answer):
        if answer.path == "/openapi.json":
            answer.body = b"{}"

    assert "no operation that takes a body is known" in not_checked(bounds.body_limit, spoiled(drop))
