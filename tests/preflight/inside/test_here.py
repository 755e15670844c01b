import pytest

from app.preflight.checks import NotHereError
from tests.conftest import UNREACHABLE


def test_settings_that_are_accepted_are_there(here):
    assert here().config["RELEASE"] == "1.2.3"
    assert here().problems == {}


def test_settings_that_are_refused_are_told_by_their_variables(here):
    refused = here(SECRET_KEY="short", LOG_LEVEL="LOUD")
    assert refused.problems.keys() == {"SECRET_KEY", "LOG_LEVEL"}
    with pytest.raises(NotHereError, match="the settings are refused"):
        _ = refused.config


@pytest.mark.parametrize("key", [None, "short"], ids=["accepted", "refused"])
def test_the_public_address_is_known_either_way(key, here, tmp_path):
    changes = {"SECRET_KEY": key} if key else {}
    assert here(**changes).public_url == "https://example.org"
    (tmp_path / "settings").write_text("PUBLIC_URL=https://File.example/\n")
    from_file = here(APP_CONFIG_FILE=str(tmp_path / "settings"), PUBLIC_URL=None, **changes)
    assert from_file.public_url == "https://file.example"


def test_a_database_that_does_not_answer_is_told_by_one_check_alone(here):
    with pytest.raises(NotHereError, match="the database does not answer"):
        _ = here(DATABASE_URL=UNREACHABLE).database


def test_no_secret_is_left_in_what_is_said(here):
    known = here()
    said = known.without_secrets(f"key {known.config['SECRET_KEY']} at {known.config['DATABASE_URL']}")
    assert known.config["SECRET_KEY"] not in said
    assert "[redacted]" in said
