"""The code about rate limits in docs/cache-and-limits.md, run as it is written."""

import pytest

from tests.guides import written


@pytest.mark.usefixtures("redis")
def test_whoever_guesses_passwords_is_stopped(create):
    app = create(RATE_LIMIT="off")
    view = written("cache-and-limits.md", "Rate limits")["sign_in"]
    app.add_url_rule("/v1/sign-in", "v1.sign_in", view, methods=["POST"])
    guesses = [app.test_client().post("/v1/sign-in", json={"name": "ann", "password": str(n)}) for n in range(6)]
    assert [answer.status_code for answer in guesses] == [401] * 5 + [429]
    assert guesses[-1].headers["RateLimit-Policy"] == '"route";q=5;w=60'
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 60
