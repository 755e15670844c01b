import re
import smtplib
import socket
import ssl
from datetime import UTC, datetime

import pytest

from app.config import ConfigError, load_config
from app.core.background import mail
from tests import mail_server
from tests.conftest import PRODUCTION, TESTING

MESSAGE = (
    "ann@example.net",
    "Grüße",
    "Zeile eins\nZeile zwei: Ende.",
    "Sat, 31 Jan 2026 12:00:00 +0000",
    "<1@example.org>",
)
SETTINGS = {"MAIL_SERVER": "mail.example.org", "MAIL_FROM": "no-reply@example.org"}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return mail_server.make_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def trusted(monkeypatch, certificate):
    """The test's certificate is one that this machine trusts, as an operator would make it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


@pytest.fixture
def inbox(certificate):
    with mail_server.serving(*certificate) as inbox:
        yield inbox


@pytest.fixture
def app_for(create, redis):
    def app_for(inbox, **changes):
        return create(**inbox.settings() | changes)

    return app_for


def test_a_message_arrives_over_tls_from_who_has_the_password_as_it_was_written(app_for, inbox, trusted):
    with app_for(inbox).app_context():
        mail.deliver(*MESSAGE)
    [(sender, recipients, message, over_tls, authenticated)] = inbox.deliveries
    assert (over_tls, authenticated) == (True, True)
    assert (sender, recipients) == ("no-reply@example.org", ["ann@example.net"])
    assert message["From"] == "Slipway <no-reply@example.org>"
    assert (message["To"], message["Subject"], message["Message-ID"]) == ("ann@example.net", "Grüße", "<1@example.org>")
    assert message["Date"].datetime == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert message.get_content() == MESSAGE[2] + "\n"


def test_tls_may_begin_at_once(app_for, certificate, trusted, monkeypatch):
    with mail_server.serving(*certificate, tls="at once") as inbox:
        monkeypatch.setattr(mail, "SUBMISSIONS", inbox.port)  # 465, which not everybody may listen on
        with app_for(inbox).app_context():
            mail.deliver(*MESSAGE)
    assert len(inbox.deliveries) == 1


def test_a_server_without_tls_or_password_is_used_only_where_the_configuration_says_so(app_for, certificate):
    with mail_server.serving(*certificate, tls="none") as inbox:
        with app_for(inbox).app_context(), pytest.raises(smtplib.SMTPNotSupportedError):
            mail.deliver(*MESSAGE)
        assert inbox.deliveries == []
        with app_for(inbox, MAIL_USE_TLS="0", MAIL_USERNAME="", MAIL_PASSWORD="").app_context():
            mail.deliver(*MESSAGE)
        assert inbox.deliveries[0][3] is False


def test_a_certificate_that_nobody_vouches_for_gets_no_password_and_no_message(app_for, inbox):
    with app_for(inbox).app_context(), pytest.raises(ssl.SSLCertVerificationError):
        mail.deliver(*MESSAGE)
    assert inbox.deliveries == []


def test_a_certificate_of_another_name_gets_nothing_either(app_for, tmp_path, monkeypatch):
    certificate = mail_server.make_certificate(tmp_path, "elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with mail_server.serving(*certificate) as inbox:
        with app_for(inbox).app_context(), pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            mail.deliver(*MESSAGE)
        assert inbox.deliveries == []


def test_a_wrong_password_and_a_refused_message_are_failures_that_do_not_quote_the_password(app_for, inbox, trusted):
    with app_for(inbox, MAIL_PASSWORD="canary-that-is-wrong").app_context():
        with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            mail.deliver(*MESSAGE)
        assert "canary" not in str(refused.value)
    inbox.answer = "451 come back later"
    with app_for(inbox).app_context(), pytest.raises(smtplib.SMTPDataError):
        mail.deliver(*MESSAGE)


def test_a_server_that_says_nothing_is_given_up(app_for, monkeypatch):
    monkeypatch.setattr(mail, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SETTINGS | {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(silent.getsockname()[1])}

        class Silent:
            def settings(self):
                return settings

        with app_for(Silent()).app_context(), pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
            mail.deliver(*MESSAGE)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "ann",
        "ann@",
        "@example.net",
        "a@example.net, b@example.net",
        "a@example.net\nBcc: b@example.net",
        "Ann <a@e.net>",
    ],
)
def test_what_is_not_one_address_is_refused_at_once(app, to):
    with app.app_context(), pytest.raises(ValueError, match="not one address"):
        mail.send(to, "Hello", "Text")


@pytest.mark.parametrize("subject", ["a\nBcc: b@example.net", "a\rb", "a\0b", "a\x0bb", "a\x85b", "a\u2028b"])
def test_a_subject_cannot_become_another_header(app, subject):
    with app.app_context(), pytest.raises(ValueError, match=r"control characters|linefeed"):
        mail.send("ann@example.net", subject, "Text")


def test_a_subject_in_any_script_and_a_text_that_looks_like_headers_stay_what_they_are(app_for, inbox, trusted):
    subject, text = "ü\u202e 日本" * 20, "Bcc: eve@example.net\n\n.\nQUIT"
    with app_for(inbox).app_context():
        mail.deliver("ann@example.net", subject, text, *MESSAGE[3:])
    [(_, recipients, message, *_)] = inbox.deliveries
    assert recipients == ["ann@example.net"]
    assert message.keys().count("Subject") == 1
    assert "Bcc" not in message
    assert message.get_content().rstrip("\n") == text


def test_without_a_server_development_shows_the_message_in_the_terminal(app, capsys):
    with app.app_context():
        assert mail.send("ann@example.net", "Your password", "https://localhost/reset?token=abc") is True
    shown = capsys.readouterr()
    assert "To: ann@example.net\nSubject: Your password\n" in shown.err
    assert "https://localhost/reset?token=abc" in shown.err  # it is there to be clicked on
    assert shown.out == ""


def test_without_a_server_production_sends_nothing_and_says_so_without_the_message(production, create, capsys):
    with create().app_context():
        assert mail.send("ann@example.net", "Your password", "https://localhost/reset?token=abc") is False
    said = capsys.readouterr()
    assert "a message is not sent: there is no MAIL_SERVER" in said.out
    assert not re.search("ann|token|abc", said.out + said.err)


def test_a_request_whose_mail_nobody_can_take_now_goes_on(create, own_redis, inbox):
    app = create(**inbox.settings(), REDIS_URL=own_redis.url())
    own_redis.stop()
    with app.app_context():
        assert mail.send("ann@example.net", "Hello", "Text") is False


def test_every_try_carries_the_id_that_was_made_when_it_was_asked_for(app_for, inbox, redis):
    app = app_for(inbox)
    with app.app_context():
        assert mail.send("ann@example.net", "Hello", "Text") is True
        assert mail.send("ann@example.net", "Hello", "Text") is True
        queue = app.extensions["jobs"]["default"]
        first, second = (job.args[4] for job in queue.jobs)
    assert re.fullmatch(r"<\S+@example\.org>", first)
    assert first != second


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"MAIL_FROM": ""}, "MAIL_FROM"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM"),
        ({"MAIL_FROM": "a@e.org\nBcc: b@e.org"}, "MAIL_FROM"),
        ({"REDIS_URL": ""}, "MAIL_SERVER"),
        ({"MAIL_USERNAME": "slipway"}, "MAIL_USERNAME"),
        ({"MAIL_PASSWORD": "canary"}, "MAIL_USERNAME"),
        ({"MAIL_USERNAME": "slipway", "MAIL_PASSWORD": "canary", "MAIL_USE_TLS": "0"}, "MAIL_USE_TLS"),
        ({"MAIL_PORT": "0"}, "MAIL_PORT"),
    ],
    ids=str,
)
@pytest.mark.parametrize("base", [TESTING, PRODUCTION], ids=["testing", "production"])
def test_mail_that_could_not_be_sent_is_a_configuration_that_is_refused(base, changes, variable):
    with pytest.raises(ConfigError) as refused:
        load_config(base | {"REDIS_URL": "redis://localhost"} | SETTINGS | changes)
    assert list(refused.value.problems) == [variable]
    assert "canary" not in str(refused.value)
