import pytest

from app.config import ConfigError, load_config
from app.config.rates import rate


@pytest.mark.parametrize("raw", ["1/second", "300/minute", "5000/hour", "1/day"])
def test_a_rate_is_a_number_and_a_unit(raw):
    assert rate(raw) == raw


@pytest.mark.parametrize("raw", ["off", "OFF"])
def test_a_rate_may_be_off(raw):
    assert rate(raw) is None


@pytest.mark.parametrize(
    "raw",
    ["300", "0/minute", "-1/minute", "3/fortnight", "3 per minute", "1/minute;2/hour", "x/minute", "\u0663/minute"],
)
def test_what_is_no_rate_is_refused_in_words(environment, raw):
    with pytest.raises(ConfigError, match="RATE_LIMIT: neither off nor a number per second") as refusal:
        load_config({**environment, "RATE_LIMIT": raw})
    assert set(refusal.value.problems) == {"RATE_LIMIT"}


def test_limits_by_address_need_the_clients_address(production):
    production |= {"REDIS_URL": "redis://localhost", "PROXY_HOPS_FOR": "0"}
    with pytest.raises(ConfigError, match="PROXY_HOPS_FOR: 0: limits would count all"):
        load_config(production)
    with pytest.raises(ConfigError, match="PROXY_HOPS_FOR"):  # for what views limit
        load_config({**production, "RATE_LIMIT": "off"})
    load_config({**production, "REDIS_URL": ""})
    load_config({**production, "APP_ENV": "development"})
