import pytest
from flask import jsonify, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.edge.proxy import Proxied
from app.core.web.access import public

FORGED = {
    "X-Forwarded-For": "6.6.6.6, 7.7.7.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Prefix": "/evil",
}


def seen(app, headers):
    @app.get("/seen", endpoint="seen")
    @public
    def seen():
        return jsonify([request.remote_addr, request.scheme, request.host, request.script_root])

    return app.test_client().get("/seen", headers=headers).json


def test_nothing_that_is_forwarded_is_believed_unless_proxies_are_counted(app):
    assert seen(app, FORGED) == ["127.0.0.1", "http", "localhost", ""]


def test_one_proxy_is_believed_for_its_own_claim_only(create):
    app = create(PROXY_HOPS_FOR="1", PROXY_HOPS_PROTO="1")
    assert seen(app, FORGED) == ["7.7.7.7", "https", "localhost", ""]


def test_two_proxies_look_one_further(create):
    assert seen(create(PROXY_HOPS_FOR="2"), FORGED)[0] == "6.6.6.6"


def test_a_forwarded_host_must_still_be_one_of_ours(create):
    app = create(PROXY_HOPS_HOST="1", TRUSTED_HOSTS="localhost")
    assert app.test_client().get("/", headers=FORGED).status_code == 400


@pytest.mark.parametrize("header", ["X-Forwarded-Ssl", "X-Forwarded-Scheme", "Forwarded", "X-Real-IP"])
def test_headers_that_nobody_counts_are_left_unread(create, header):
    app = create(PROXY_HOPS_FOR="1", PROXY_HOPS_PROTO="1")
    assert seen(app, {header: "for=6.6.6.6;proto=https"}) == ["127.0.0.1", "http", "localhost", ""]


@given(st.integers(0, 3), st.none() | st.text(st.sampled_from('ab1.:[]," \t\\=;')))
def test_what_is_believed_is_what_werkzeug_believes(hops, value):
    assert Proxied(None)._get_real_value(hops, value) == ProxyFix(None)._get_real_value(hops, value)
