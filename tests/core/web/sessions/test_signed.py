"""Sessions in signed cookies: each answer is compared with what Flask's own interface gives to the same request."""

import secrets
from datetime import timedelta

import pytest
from flask import flash, redirect, render_template_string, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from app.core.web.access import public
from app.core.web.sessions.signed import SignedSessions

FORMER, FOREIGN = secrets.token_hex(32), secrets.token_hex(32)
VISITED = {"count": 1}
FOR_LONG = {"count": 1, "_permanent": True}


def untouched():
    return "untouched"


def look():
    return str(session.get("count"))


def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


def add_to_list():
    session.setdefault("list", []).append(1)
    return ""


def miss():
    return str(session.pop("nothing", "missed"))


def forget():
    session.clear()
    return ""


def stay():
    session.permanent = True
    return ""


def page():
    return render_template_string("{{ session.count }}")


def page_without():
    return render_template_string("{{ request.path }}")


def messages():
    return render_template_string("{{ get_flashed_messages() }}")


def send_away():
    flash("Done.")
    return redirect("/")


def fail():
    session["count"] = 7
    raise RuntimeError


VIEWS = [untouched, look, count, add_to_list, miss, forget, stay, page, page_without, messages, send_away, fail]


@pytest.fixture
def app(create):
    app = create(SECRET_KEY_FALLBACKS=FORMER)
    for view in VIEWS:
        app.add_url_rule(f"/{view.__name__}", view.__name__, public(view))
    return app


def cookie(app, content, key=None, age=timedelta(0)):
    """Sign what a session holds, as an application with that key did so long ago."""

    class Signer(TimestampSigner):
        def get_timestamp(self):
            return super().get_timestamp() - int(age.total_seconds())

    flasks = SecureCookieSessionInterface()
    options = {"key_derivation": flasks.key_derivation, "digest_method": flasks.digest_method}
    signing = URLSafeTimedSerializer(
        key or app.secret_key, salt=flasks.salt, serializer=flasks.serializer, signer_kwargs=options, signer=Signer
    )
    return signing.dumps(content)


def content(app, value):
    return SecureCookieSessionInterface().get_signing_serializer(app).loads(value)


def answer(app, interface, path, sent):
    """Return all of an answer that has to do with the session; the cookie's content instead of its signature."""
    app.session_interface = interface
    client = app.test_client()
    if sent is not None:
        client.set_cookie("session", sent)
    response = client.get(path)
    given = []
    for header in response.headers.getlist("Set-Cookie"):
        pair, *flags = header.split("; ")
        value = parse_cookie(pair)["session"]
        given.append((content(app, value) if value else "", sorted(flag.split("=Thu, 0")[0][:8] for flag in flags)))
    return response.status_code, response.text if response.status_code == 200 else "", response.vary.to_header(), given


COOKIES = {
    "none": lambda _: None,
    "empty": lambda _: "",
    "ours": lambda app: cookie(app, VISITED),
    "of a former key": lambda app: cookie(app, VISITED, FORMER),
    "of a foreign key": lambda app: cookie(app, VISITED, FOREIGN),
    "too old": lambda app: cookie(app, VISITED, age=timedelta(days=15)),
    "old": lambda app: cookie(app, VISITED, age=timedelta(days=13)),
    "tampered with": lambda app: "x" + cookie(app, VISITED),
    "nonsense": lambda _: "nonsense",
    "for long": lambda app: cookie(app, FOR_LONG),
}


@pytest.mark.parametrize("sent", COOKIES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_every_answer_is_that_of_flask(app, view, sent):
    value = COOKIES[sent](app)
    ours = answer(app, SignedSessions(), f"/{view.__name__}", value)
    flasks = answer(app, SecureCookieSessionInterface(), f"/{view.__name__}", value)
    if sent == "for long" and view in {untouched, page_without}:
        # The one difference that is meant: Flask would renew the cookie, and with it make the answer private.
        assert flasks[3]
        assert (ours[2], ours[3]) == ("", [])
    else:
        assert ours == flasks


@pytest.mark.parametrize("sent", ["none", "ours", "nonsense"])
def test_a_request_that_does_not_touch_the_session_builds_no_signer(app, monkeypatch, sent):
    value = COOKIES[sent](app)

    build, built = app.session_interface.get_signing_serializer, []
    monkeypatch.setattr(app.session_interface, "get_signing_serializer", lambda app: built.append(1) or build(app))
    client = app.test_client()
    if value:
        client.set_cookie("session", value)
    for path in ("/untouched", "/v1/ping", "/page_without"):
        response = client.get(path)
        assert response.status_code == 200
        assert "Cookie" not in response.headers.get("Vary", "")
    assert not built
    client.get("/look")
    assert built


def test_a_key_that_changes_is_used_at_once_and_its_predecessor_as_long_as_it_is_told(app):
    client = app.test_client()
    assert client.get("/count").text == "1"
    before, app.secret_key = app.secret_key, FOREIGN
    assert client.get("/look").text == "None"
    app.config["SECRET_KEY_FALLBACKS"].append(before)
    assert client.get("/count").text == "2"
    app.config["SECRET_KEY_FALLBACKS"].clear()
    assert client.get("/count").text == "3"
    assert content(app, client.get_cookie("session").value) == {"count": 3}


def test_without_a_key_a_session_can_be_looked_at_and_not_changed(app):
    app.secret_key = None
    client = app.test_client()
    assert client.get("/untouched").status_code == 200
    assert client.get("/look").text == "None"
    with app.test_request_context(), pytest.raises(RuntimeError, match="no secret key was set"):
        session["count"] = 1


def test_applications_in_one_process_do_not_share_their_keys(create, app):
    other = create(SECRET_KEY=FOREIGN)
    assert app.test_client().get("/count").text == "1"
    assert other.session_interface is not app.session_interface
    assert other.session_interface.get_signing_serializer(other).secret_keys == [FOREIGN.encode()]
