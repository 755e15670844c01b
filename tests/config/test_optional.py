import pytest

from app.config import ConfigError, load_config, optional
from tests.conftest import PRODUCTION, TESTING

COLLECTOR = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example.org",
    "OTEL_EXPORTER_OTLP_HEADERS": "api-key=canary-of-the-collector",
}


@pytest.mark.parametrize("base", [TESTING, PRODUCTION], ids=["testing", "production"])
def test_nothing_optional_is_on_by_default(base):
    config = load_config(base)
    assert config.SESSION_STORE == "cookie"
    assert not config.S3_ENDPOINT
    assert not config.MAIL_SERVER
    assert not config.OTEL_EXPORTER_OTLP_ENDPOINT
    assert list(optional.incomplete(config.mapping())) == []


@pytest.mark.parametrize("base", [TESTING, PRODUCTION], ids=["testing", "production"])
def test_what_is_asked_for_without_its_libraries_is_refused_with_the_command_that_installs_them(base, monkeypatch):
    def find(name):
        if name == "opentelemetry.sdk":
            raise ModuleNotFoundError(name)

    monkeypatch.setattr(optional, "find_spec", find)
    store = dict.fromkeys(optional.UPLOADS, "https://s3.example.org")
    with pytest.raises(ConfigError) as refused:
        load_config(base | COLLECTOR | store)
    assert refused.value.problems == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "not installed: pip install --require-hashes -r requirements-tracing.txt",
        "S3_ENDPOINT": "not installed: pip install --require-hashes -r requirements-uploads.txt",
    }


def test_the_values_of_headers_are_secrets():
    assert "canary-of-the-collector" in load_config(TESTING | COLLECTOR).SECRET_VALUES
