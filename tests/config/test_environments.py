import pytest

from app.config import ConfigError, Development, Production, Staging, load_config
from app.config.environments import ENVIRONMENTS


def refused(environ):
    with pytest.raises(ConfigError) as refusal:
        load_config(environ)
    return refusal.value.problems


@pytest.mark.parametrize(("name", "cls"), ENVIRONMENTS.items())
def test_each_environment_has_its_class_and_knows_its_name(production, name, cls):
    config = load_config({**production, "APP_ENV": name})
    assert type(config) is cls
    assert name == config.ENVIRONMENT


@pytest.mark.parametrize("name", ["", None])
def test_unset_means_production(production, name):
    environ = {key: value for key, value in production.items() if key != "APP_ENV"}
    config = load_config(environ if name is None else {**environ, "APP_ENV": name})
    assert type(config) is Production


def test_staging_is_production_in_everything_but_its_name(production):
    values = [load_config({**production, "APP_ENV": name}).mapping() for name in ("production", "staging")]
    assert [mapping.pop("ENVIRONMENT") for mapping in values] == ["production", "staging"]
    assert values[0] == values[1]


@pytest.mark.parametrize("name", ["production", "staging"])
@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"PUBLIC_URL": "http://example.org"}, "PUBLIC_URL"),
        ({"PROXY_HOPS_PROTO": "0"}, "PROXY_HOPS_PROTO"),
        ({"TRUSTED_HOSTS": "example.org, *"}, "TRUSTED_HOSTS"),
    ],
)
def test_what_is_dangerous_in_public_is_refused_in_public_and_accepted_in_development(
    production, name, changes, variable
):
    assert set(refused({**production, "APP_ENV": name, **changes})) == {variable}
    load_config({**production, "APP_ENV": "development", **changes})


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_environment_has_a_key_or_a_database_of_its_own(production, name):
    environ = {**production, "APP_ENV": name, "SECRET_KEY": "", "DATABASE_URL": ""}
    assert {"SECRET_KEY", "DATABASE_URL"} == set(refused(environ))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_environment_accepts_a_well_known_key(production, name):
    assert {"SECRET_KEY"} == set(refused({**production, "APP_ENV": name, "SECRET_KEY": "change-me" * 8}))


def test_browsers_remember_tls_for_a_year_in_production_and_not_at_all_in_development():
    assert Production.HSTS_SECONDS.default == 365 * 24 * 60 * 60
    assert Development.HSTS_SECONDS.default == 0


def test_logs_are_json_in_production_and_readable_in_development():
    assert (Staging.LOG_FORMAT.default, Production.LOG_FORMAT.default) == ("json", "json")
    assert Development.LOG_FORMAT.default == "console"
