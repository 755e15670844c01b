import pytest

from app.preflight.inside.optional import mail
from tests.mail_server import make_certificate, serving
from tests.preflight.looking import found, not_checked, passes


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate that is trusted, as if the system did, and its key."""
    certificate, key = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate, key


def test_mail_that_is_off_is_said_to_be(here):
    assert not_checked(mail.mail, here()) == "off: MAIL_SERVER is not set"


def test_a_server_that_takes_our_name_over_tls_passes(here, certificate):
    with serving(*certificate) as server:
        assert passes(mail.mail, here(**server.settings()))
    assert server.deliveries == []


def test_a_server_that_refuses_our_password_is_found(here, certificate):
    with serving(*certificate) as server:
        [said] = found(mail.mail, here(**server.settings() | {"MAIL_PASSWORD": "another"}))
    assert said.startswith(f"high: localhost:{server.port}: ")


def test_a_server_without_tls_is_found(here, certificate):
    with serving(*certificate, tls="none") as server:
        [said] = found(mail.mail, here(**server.settings()))
    assert "STARTTLS" in said


def test_a_server_that_nobody_vouches_for_is_found(here, certificate, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(*certificate) as server:
        [said] = found(mail.mail, here(**server.settings()))
    assert "certificate" in said


def test_a_server_that_cannot_be_reached_is_found(here):
    settings = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": "1", "MAIL_FROM": "no-reply@example.org"}
    [said] = found(mail.mail, here(**settings))
    assert said.startswith("high: 127.0.0.1:1: ")
