"""Mail as a service sends it: a worker, a mail server, and what becomes of a message while it is dead."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from app.core.background import mail
from tests import mail_server
from tests.stack.conftest import until
from tests.stack.workers import flask, working


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return mail_server.make_certificate(tmp_path_factory.mktemp("mail"))


@pytest.fixture
def inbox(certificate):
    with mail_server.serving(*certificate) as inbox:
        yield inbox


@pytest.fixture
def environ(stack_environment, redis, inbox, certificate):
    return (
        stack_environment
        | inbox.settings()
        | {"REDIS_URL": redis, "SSL_CERT_FILE": str(certificate[0]), "JOB_LOST_SECONDS": "6"}
    )


@pytest.fixture
def work(tmp_path, environ):
    """A function that starts a worker and waits until it waits for jobs."""
    with ExitStack() as started:

        def work():
            worker = started.enter_context(working(tmp_path / "worker", environ))
            until(worker.is_waiting)
            return worker

        yield work


@pytest.fixture
def send(create, environ, monkeypatch):
    """A function that sends a message as a view would; it is tried again after a second, three times in all."""
    monkeypatch.setattr(mail, "deliver", replace(mail.deliver, retry_seconds=(1, 1)))
    app = create(**environ)

    def send(text):
        with app.app_context():
            assert mail.send("ann@example.net", "Hello", text) is True

    return send


def test_a_worker_sends_what_a_request_has_asked_for(inbox, work, send):
    worker = work()
    send("first")
    until(lambda: inbox.deliveries)
    [(_, recipients, message, over_tls, authenticated)] = inbox.deliveries
    assert (recipients, over_tls, authenticated) == (["ann@example.net"], True, True)
    assert message.get_content() == "first\n"
    until(lambda: worker.says("deliver: success"))


def test_a_server_that_refuses_for_now_is_asked_again_with_the_same_message(inbox, work, send):
    inbox.answer = "451 come back later"
    work()
    send("patience")
    until(lambda: len(inbox.deliveries) == 2)
    inbox.answer = "250 taken"
    until(lambda: len(inbox.deliveries) == 3)
    assert len({str(message["Message-ID"]) for _, _, message, *_ in inbox.deliveries}) == 1


def test_a_message_for_a_dead_server_is_kept_and_sent_when_the_server_is_back(certificate, environ, work, send):
    with mail_server.serving(*certificate) as dead:
        environ["MAIL_PORT"] = str(dead.port)
    worker = work()
    send("in vain")
    until(lambda: worker.says("deliver: failure; kept among the failed jobs"))
    failed = flask(environ, "jobs", "failed")
    assert "deliver" in failed.stdout
    assert "ConnectionRefusedError" in failed.stdout
    everything = failed.stdout + str(worker.records())
    assert mail_server.PASSWORD not in everything
    assert "in vain" not in everything  # nobody else's letters in a log
    with mail_server.serving(*certificate, port=dead.port) as revived:
        assert flask(environ, "jobs", "retry", "--all").returncode == 0
        until(lambda: revived.deliveries)
        assert revived.deliveries[0][2].get_content() == "in vain\n"
