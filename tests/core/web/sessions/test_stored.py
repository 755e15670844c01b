import uuid
from datetime import UTC, datetime
from itertools import takewhile

import pytest
from flask import flash, get_flashed_messages, redirect, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from redis import Redis

from app.config import ConfigError, load_config
from app.core.web import sessions
from app.core.web.access import public
from tests.conftest import TESTING

TYPES = {
    "tuple": (1, "two"),
    "datetime": datetime(2026, 1, 31, tzinfo=UTC),
    "uuid": uuid.UUID(int=7),
    "markup": Markup("<b>"),
    "bytes": b"\x00",
    "text": "ünï",
}


def form():
    return {"token": generate_csrf(), "messages": get_flashed_messages()}


def act():
    flash("Done.")
    return ""


def publish(app):
    def count():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    def remember():
        session.update(TYPES)
        return ""

    def recall():
        return "" if {name: session[name] for name in TYPES} == TYPES else ("differs", 500)

    def look():
        return str(session.get("count"))

    def renew():
        sessions.renew()
        return ""

    def sign_out():
        session.clear()
        return ""

    def go():
        session["count"] = 1
        return redirect("/elsewhere")

    def stay():
        session.permanent = True
        return ""

    for view in (count, remember, recall, look, renew, sign_out, go, stay, form):
        app.add_url_rule(f"/{view.__name__}", view.__name__, public(view))
    app.add_url_rule("/act", "act", public(act), methods=["POST"])
    return app


@pytest.fixture(params=["cookie", "redis"])
def either(request, create, redis):
    """An application with the one store, then with the other."""
    return publish(create(SESSION_STORE=request.param))


@pytest.fixture
def stored(create, redis):
    return publish(create(SESSION_STORE="redis"))


@pytest.fixture
def store(redis):
    with Redis.from_url(redis) as client:
        yield client


def kept(store):
    return store.keys("slipway:session:*")


def cookie_of(client, name="session"):
    found = client.get_cookie(name)
    return found and found.value


def test_a_session_lasts_from_request_to_request_and_is_each_clients_own(either):
    one, other = either.test_client(), either.test_client()
    assert [one.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    assert other.get("/count").text == "1"


def test_both_stores_keep_the_same_types(either):
    client = either.test_client()
    client.get("/remember")
    assert client.get("/recall").status_code == 200


def test_a_form_with_its_token_is_taken_and_a_message_is_shown_once(either):
    client = either.test_client()
    token = client.get("/form").json["token"]
    assert client.post("/act").status_code == 400
    assert client.post("/act", data={"csrf_token": token}).status_code == 200
    assert client.get("/form").json["messages"] == ["Done."]
    assert client.get("/form").json["messages"] == []


@pytest.mark.parametrize("store", ["cookie", "redis"])
def test_the_cookie_has_the_flags_of_the_configuration_also_when_it_is_taken_away(production, create, redis, store):
    client = publish(create(SESSION_STORE=store)).test_client()
    secure = {"base_url": "https://example.org", "headers": {"X-Forwarded-Proto": "https"}}
    given = client.get("/count", **secure).headers["Set-Cookie"]
    taken = client.get("/sign_out", **secure).headers["Set-Cookie"]
    for cookie in (given, taken):
        assert cookie.startswith("__Host-session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert "Max-Age=0" in taken


def test_the_cookie_is_an_id_that_is_not_in_redis_and_what_it_stands_for_is(stored, store):
    client = stored.test_client()
    client.get("/count")
    [key] = kept(store)
    assert cookie_of(client).encode() not in key + store.get(key)
    assert store.get(key) == b'{"count":1}'
    assert 0 < store.ttl(key) <= 14 * 24 * 3600


def test_a_session_is_fetched_only_by_requests_that_touch_it(create, own_redis):
    client = publish(create(SESSION_STORE="redis", REDIS_URL=own_redis.url())).test_client()
    client.get("/count")
    with Redis.from_url(own_redis.url()) as store, store.monitor() as monitor:
        for path in ("/v1/ping", "/healthz", "/v1/nothing"):
            client.get(path)
        store.echo("then")
        client.get("/look")
        store.echo("end")
        commands = "\n".join(command["command"] for command in takewhile(is_not_the_end, monitor.listen()))
    before, after = commands.split("ECHO then")
    assert "slipway:session:" not in before
    assert "GET slipway:session:" in after


def is_not_the_end(command):
    return command["command"] != "ECHO end"


def test_looking_at_a_session_extends_its_life_and_changes_nothing(stored, store):
    client = stored.test_client()
    client.get("/count")
    [key] = kept(store)
    store.expire(key, 60)
    assert client.get("/look").text == "1"
    assert store.ttl(key) > 60


def test_a_session_that_stays_has_a_cookie_that_stays(stored):
    client = stored.test_client()
    assert "Expires" not in client.get("/count").headers["Set-Cookie"]
    assert "Expires" in client.get("/stay").headers["Set-Cookie"]


def test_an_id_that_we_did_not_give_out_is_not_taken_over(stored, store):
    client = stored.test_client()
    for planted in ("A" * 43, "short", "../../etc"):
        client.set_cookie("session", planted)
        assert client.get("/count").text == "1"
        assert cookie_of(client) != planted


def test_a_renewed_session_keeps_its_content_under_another_id_and_the_old_one_is_worth_nothing(stored, store):
    client, thief = stored.test_client(), stored.test_client()
    client.get("/count")
    thief.set_cookie("session", cookie_of(client))
    client.get("/renew")
    assert client.get("/look").text == "1"
    assert thief.get("/look").text == "None"
    assert len(kept(store)) == 1


def test_renewing_a_signed_cookie_is_no_error(create):
    client = publish(create()).test_client()
    assert client.get("/renew").status_code == 200


def test_a_session_that_is_cleared_is_gone_from_redis_and_from_the_browser(stored, store):
    client = stored.test_client()
    client.get("/count")
    client.get("/sign_out")
    assert kept(store) == []
    assert cookie_of(client) is None


@pytest.mark.parametrize("change", ["/count", "/look"])
def test_a_request_that_was_under_way_does_not_bring_back_a_session_that_was_ended(stored, store, change):
    client, other = stored.test_client(), stored.test_client()
    client.get("/count")
    other.set_cookie("session", cookie_of(client))

    def ends_meanwhile(response):
        if stored.extensions.pop("once", False):
            other.get("/sign_out")
        return response

    stored.extensions["once"] = True
    stored.after_request_funcs.setdefault(None, []).insert(0, ends_meanwhile)
    client.get(change)
    assert kept(store) == []
    assert cookie_of(client) is None


def test_without_redis_what_needs_the_session_answers_503_and_all_else_answers(create, own_redis, database, capsys):
    client = publish(create(SESSION_STORE="redis", REDIS_URL=own_redis.url())).test_client()
    client.get("/count")
    own_redis.stop()
    for path in ("/look", "/count", "/form", "/go"):
        refused = client.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5"), path
        assert "Sessions are not available" in refused.text
        assert "Content-Security-Policy" in refused.headers
    for path in ("/", "/v1/ping", "/healthz", "/readyz", "/docs"):
        assert client.get(path).status_code == 200, path
    assert client.get("/nothing").status_code == 404
    own_redis.start()
    assert client.get("/readyz").status_code == 200


def test_without_redis_a_new_visitor_whose_session_cannot_be_kept_is_told_so(create, own_redis):
    app = publish(create(SESSION_STORE="redis", REDIS_URL=own_redis.url()))
    own_redis.stop()
    refused = app.test_client().get("/go")
    assert refused.status_code == 503
    assert "Location" not in refused.headers
    assert "Set-Cookie" not in refused.headers
    assert len(refused.data) == int(refused.headers["Content-Length"])
    wanted = app.test_client().get("/go", headers={"Accept": "application/json"})
    assert wanted.json["detail"] == "Sessions are not available. Try again shortly."


def test_a_frozen_redis_costs_its_deadline_and_not_the_service(create, own_redis):
    client = publish(create(SESSION_STORE="redis", REDIS_URL=own_redis.url())).test_client()
    client.get("/count")
    own_redis.freeze()
    try:
        assert client.get("/look").status_code == 503
        assert client.get("/v1/ping").status_code == 200
    finally:
        own_redis.thaw()


def test_redis_for_sessions_without_a_redis_is_refused_in_every_environment():
    for environment in ("development", "testing", "production"):
        with pytest.raises(ConfigError) as refused:
            load_config(TESTING | {"APP_ENV": environment, "SESSION_STORE": "redis", "PUBLIC_URL": "https://e.org"})
        assert refused.value.problems["SESSION_STORE"] == "redis, but there is no REDIS_URL"
