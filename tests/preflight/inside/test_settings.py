import pytest

from app.preflight.inside import settings
from tests.preflight.looking import found, not_checked, passes

CHECKS = [
    settings.settings,
    settings.environment,
    settings.hops,
    settings.own_host,
    settings.log_format,
    settings.hsts_setting,
    settings.release_name,
]
DEVELOPMENT = {"APP_ENV": "development", "PUBLIC_URL": "http://localhost:8000"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_settings_of_production_pass(check, here):
    assert passes(check, here())


def test_settings_that_are_refused_are_told_each(here):
    said = found(settings.settings, here(SECRET_KEY="short", LOG_LEVEL="LOUD"))
    assert len(said) == 2
    assert said[0].startswith("critical: SECRET_KEY: 5 characters; at least 32 are needed")


def test_development_is_found_and_so_is_debug(here):
    said = found(settings.environment, here(**DEVELOPMENT, FLASK_DEBUG="1"))
    assert said == ["critical: APP_ENV is development.", "critical: FLASK_DEBUG is on."]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"PROXY_HOPS_FOR": "2"}, "medium: PROXY_HOPS_FOR is 2, and PROXY_HOPS_PROTO 1."),
        ({"PROXY_HOPS_HOST": "2"}, "medium: PROXY_HOPS_HOST counts more proxies than PROXY_HOPS_PROTO."),
        ({"PROXY_HOPS_PREFIX": "2"}, "medium: PROXY_HOPS_PREFIX counts more proxies than PROXY_HOPS_PROTO."),
        ({"BIND": "0.0.0.0:8000"}, "low: BIND is 0.0.0.0:8000: whoever reaches that address is taken for the proxy."),
    ],
)
def test_hops_that_do_not_agree_are_found(changes, said, here):
    assert found(settings.hops, here(**changes)) == [said]


def test_a_service_that_refuses_its_own_name_is_found(here):
    [said] = found(settings.own_host, here(TRUSTED_HOSTS="www.example.org"))
    assert said == "critical: TRUSTED_HOSTS has no example.org, the host of PUBLIC_URL."


def test_lines_that_programs_cannot_read_are_found(here):
    said = found(settings.log_format, here(LOG_FORMAT="console", LOG_LEVEL="DEBUG"))
    assert said == ["medium: LOG_FORMAT is console.", "low: LOG_LEVEL is DEBUG."]


def test_hsts_that_is_off_is_found(here):
    assert found(settings.hsts_setting, here(HSTS_SECONDS="0")) == ["medium: HSTS_SECONDS is 0."]
    assert not_checked(settings.hsts_setting, here(**DEVELOPMENT)) == "PUBLIC_URL is plain HTTP"


def test_a_release_without_a_name_is_a_warning(here):
    said = found(settings.release_name, here(RELEASE=None, GIT_SHA=None))
    assert said == ["low: RELEASE is not set.", "low: GIT_SHA is not set."]


@pytest.mark.parametrize("check", CHECKS[1:], ids=lambda check: check.name)
def test_what_needs_settings_is_not_looked_at_without(check, here):
    assert not_checked(check, here(SECRET_KEY="short")) == "the settings are refused"
