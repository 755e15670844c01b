import pytest

from app.preflight.edge import closed
from tests.preflight.looking import found, passes

CHECKS = [closed.metrics, closed.files, closed.debugger, closed.cors]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_service_as_it_is_passes(check, site):
    assert passes(check, site)


def serving(path, body, kind="text/plain"):
    def spoil(answer):
        if answer.path == path:
            answer.status, answer.body = 200, body
            answer.set("Content-Type", kind)

    return spoil


def test_metrics_that_the_public_can_read_are_found(spoiled):
    [said] = found(closed.metrics, spoiled(serving("/metrics", b"app_info 1\n")))
    assert said.endswith("/metrics is answered with 200 text/plain.")


@pytest.mark.parametrize(("path", "body"), [("/.env", b"SECRET_KEY=1"), ("/.git/HEAD", b"ref: refs/heads/main")])
def test_a_file_of_the_checkout_that_is_served_is_found(path, body, spoiled):
    [said] = found(closed.files, spoiled(serving(path, body, "application/octet-stream")))
    assert said.startswith("critical: ")


def test_a_page_for_everything_is_no_file_of_the_checkout(spoiled):
    assert passes(closed.files, spoiled(serving("/.env", b"<p>SECRET_KEY=1</p>", "text/html")))


def test_a_debugger_is_found(spoiled):
    body = b"/* the style of Werkzeug's debugger */"
    [said] = found(closed.debugger, spoiled(serving("/console", body)))
    assert said == "critical: Werkzeug's answers /console."


def allowing(origin, **others):
    def spoil(answer):
        answer.set("Access-Control-Allow-Origin", origin)
        for name, value in others.items():
            answer.set(name.replace("_", "-"), value)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "severity"),
    [
        (allowing("https://attacker.example"), "high"),
        (allowing("null"), "high"),
        (allowing("*", Access_Control_Allow_Credentials="true"), "high"),
        (allowing("*"), "low"),
    ],
    ids=["repeats the origin", "null", "all, with cookies", "all"],
)
def test_answers_that_every_site_may_read_are_found(spoil, severity, spoiled):
    said = found(closed.cors, spoiled(spoil))
    assert [line.partition(":")[0] for line in said] == [severity] * 2
