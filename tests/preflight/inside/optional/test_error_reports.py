import socket

from app.preflight.inside.optional import error_reports
from tests.preflight.looking import found, not_checked, passes


def test_reports_that_are_off_are_said_to_be(here):
    assert not_checked(error_reports.error_reports, here()) == "off: SENTRY_DSN is not set"


def test_a_collector_that_can_be_reached_passes(here):
    with socket.create_server(("127.0.0.1", 0)) as collector:
        machine = here(SENTRY_DSN=f"http://key@127.0.0.1:{collector.getsockname()[1]}/1")
        assert passes(error_reports.error_reports, machine)


def test_a_collector_that_cannot_be_reached_is_found(here):
    [said] = found(error_reports.error_reports, here(SENTRY_DSN="http://key@127.0.0.1:1/1"))
    assert said.startswith("medium: 127.0.0.1:1 cannot be reached: ")


def test_a_collector_that_speaks_no_tls_is_found_where_it_is_wanted(front, here):
    machine = here(SENTRY_DSN=f"https://key@127.0.0.1:{front.http_port}/1")
    assert found(error_reports.error_reports, machine)[0].startswith("medium: ")
