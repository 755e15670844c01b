import pytest

from app.preflight.answers import cookies
from tests.preflight.looking import found, not_checked, passes

GOOD = "__Host-session=1; Secure; HttpOnly; Path=/; SameSite=Lax"


def setting(line):
    return lambda answer: answer.set("Set-Cookie", line)


def test_the_cookies_of_the_service_as_it_is_pass(spoiled):
    site = spoiled(lambda _: None)
    if any(answer.all("Set-Cookie") for answer in site.pages()):
        assert passes(cookies.cookies, site)
    assert passes(cookies.cookies, spoiled(setting(GOOD)))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace(" Secure;", ""), "high: __Host-session is not Secure."),
        (GOOD.replace(" HttpOnly;", ""), "high: __Host-session is not HttpOnly."),
        (GOOD.replace("Lax", "None"), "high: __Host-session is not SameSite=Lax or Strict."),
        (GOOD.replace("; SameSite=Lax", ""), "high: __Host-session is not SameSite=Lax or Strict."),
        (GOOD + "; Domain=example.org", "medium: __Host-session goes to all hosts of example.org."),
        (
            GOOD.replace("__Host-", ""),
            "low: session, without the prefix __Host-, can be set by a neighbouring host.",
        ),
    ],
)
def test_a_cookie_that_is_not_protected_is_found(line, said, spoiled):
    assert found(cookies.cookies, spoiled(setting(line))) == [said]


def test_where_no_cookie_is_set_nothing_is_known_of_them(spoiled):
    site = spoiled(lambda answer: answer.drop("Set-Cookie"))
    assert "sets a cookie" in not_checked(cookies.cookies, site)
