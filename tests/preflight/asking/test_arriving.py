import pytest

from app.preflight.asking.arriving import arrive
from app.preflight.checks import NoAnswerError
from tests.preflight.conftest import at


def test_a_service_that_is_there_is_found(site):
    arrive(site)
    assert site.distrust is None


def test_a_certificate_that_is_not_trusted_is_noted_and_no_obstacle(front):
    site = at(front, cafile=None)
    arrive(site)
    assert site.distrust == "self-signed certificate"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": 502}, "nothing answers behind the proxy"),
        ({"status": 200, "body": b"<h1>Welcome to nginx!</h1>"}, "that is no service of this kind"),
        ({"status": 404, "body": b"{}"}, "that is no service of this kind"),
    ],
)
def test_what_is_no_service_is_told(changes, said, front):
    front.spoil = lambda answer: vars(answer).update(changes)
    with pytest.raises(NoAnswerError, match=said):
        arrive(at(front))


def test_a_redirect_is_told_with_where_it_leads(front):
    front.spoil = lambda answer: (vars(answer).update(status=301), answer.set("Location", "https://www.example.org/"))
    with pytest.raises(NoAnswerError, match=r"301 .* to https://www\.example\.org/: name the address that serves"):
        arrive(at(front))


def test_a_port_that_speaks_no_tls_is_told(front):
    front.url = f"https://localhost:{front.http_port}"
    with pytest.raises(NoAnswerError, match="does not speak TLS there"):
        arrive(at(front))
