import pytest

from app.config import ConfigError, load_config, optional
from tests.conftest import PRODUCTION, TESTING

STORE = dict.fromkeys(optional.UPLOADS, "https://s3.example.org")
HEADERS = {"OTEL_EXPORTER_OTLP_HEADERS": "k=v"}
COLLECTOR = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example.org",
    "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary-of-the-collector",
}
ASKED = [
    (STORE, "S3_ENDPOINT", "uploads"),
    (COLLECTOR, "OTEL_EXPORTER_OTLP_ENDPOINT", "tracing"),
]


@pytest.mark.parametrize("base", [TESTING, PRODUCTION], ids=["testing", "production"])
def test_nothing_optional_is_on_by_default(base):
    config = load_config(base)
    assert config.SESSION_STORE == "cookie"
    assert not config.S3_ENDPOINT
    assert not config.MAIL_SERVER
    assert not config.OTEL_EXPORTER_OTLP_ENDPOINT
    assert list(optional.incomplete(config.mapping())) == []


def no_module(_name):
    return None


def no_parent(name):
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("find", [no_module, no_parent])
@pytest.mark.parametrize("base", [TESTING, PRODUCTION], ids=["testing", "production"])
@pytest.mark.parametrize(("asked", "variable", "extra"), ASKED, ids=[row[1] for row in ASKED])
def test_what_is_asked_for_without_its_libraries_is_refused_with_the_command_that_installs_them(
    monkeypatch, find, base, asked, variable, extra
):
    monkeypatch.setattr(optional, "find_spec", find)
    with pytest.raises(ConfigError) as refused:
        load_config(base | asked)
    command = f"pip install --require-hashes -r requirements-{extra}.txt"
    assert refused.value.problems == {variable: f"not installed: {command}"}


@pytest.mark.parametrize(
    ("given", "variable", "problem"),
    [
        ({"MAIL_FROM": "shop@example.org"}, "MAIL_SERVER", "missing; MAIL_FROM is set"),
        (HEADERS, "OTEL_EXPORTER_OTLP_ENDPOINT", "missing; OTEL_EXPORTER_OTLP_HEADERS is set"),
        ({"METRICS_BIND": "127.0.0.1:8000"}, "METRICS_BIND", "the same as BIND; it is an address of its own"),
        ({"SESSION_STORE": "redis", "REDIS_URL": "nonsense"}, "REDIS_URL", "not a URL that starts with redis://"),
    ],
)
def test_what_makes_no_sense_without_another_setting_is_refused_once(given, variable, problem):
    with pytest.raises(ConfigError) as refused:
        load_config(TESTING | given)
    assert list(refused.value.problems) == [variable]
    assert refused.value.problems[variable].startswith(problem)


def test_the_values_of_headers_are_secrets():
    assert "canary-of-the-collector" in load_config(TESTING | COLLECTOR).SECRET_VALUES
