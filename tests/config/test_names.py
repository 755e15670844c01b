import pytest

from app.config.environments import ENVIRONMENTS
from app.config.names import known, strangers
from app.config.setting import settings_of


def told(*names, ours_alone=True):
    """Return what is said of a file with a name a line."""
    return dict(strangers({name: number for number, name in enumerate(names, start=1)}, "given", ours_alone=ours_alone))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_setting_may_stand_in_a_file_and_every_secret_as_the_name_of_another(environment):
    for name, declared in settings_of(ENVIRONMENTS[environment]).items():
        variable = declared.variable or name
        assert variable in known()
        assert (f"{variable}_FILE" in known()) == declared.secret


def test_what_a_setting_is_called_inside_is_no_name_for_a_file():
    assert told("DEBUG", "FLASK_DEBUG", "ALLOWED_HOSTS", "TRUSTED_HOSTS").keys() == {"DEBUG", "ALLOWED_HOSTS"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PUBLIC_ULR", "PUBLIC_URL"),
        ("SECRETKEY", "SECRET_KEY"),
        ("SECRET_KEY_FIEL", "SECRET_KEY_FILE"),
        ("DATABASE", "DATABASE_URL"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("WEB_THREADS_FILE", "WEB_THREADS"),
    ],
)
def test_a_name_that_is_like_one_of_ours_is_told_with_it(name, meant):
    assert told(name) == {name: f"no such setting (line 1 of given); did you mean {meant}?"}


@pytest.mark.parametrize("name", ["PGOPTIONS", "GUNICORN_CMD_ARGS", "OF_A_PART_THAT_WAS_REMOVED"])
def test_a_name_that_is_like_none_is_told_by_itself(name):
    assert told("RELEASE", name) == {name: "no such setting (line 2 of given)"}


def test_what_is_not_in_capitals_is_not_repeated():
    assert told("web_threads", "b64OfAnotherSecret") == {
        "line 1 of given": "no such setting; did you mean WEB_THREADS?",
        "line 2 of given": "no such setting",
    }


def test_a_file_cannot_name_another():
    assert told("APP_ENV", "APP_CONFIG_FILE") == {
        "line 2 of given": "APP_CONFIG_FILE is taken from the environment alone"
    }


@pytest.mark.parametrize("name", ["AWS_SECRET_KEY", "AWS_REGION", "POSTGRES_PASSWORD", "FLASK_APP", "no_proxy"])
def test_a_name_in_a_file_that_others_read_is_theirs_unless_it_is_nearly_ours(name):
    assert told(name, ours_alone=False) == {}
    assert told("WEB_TREADS", ours_alone=False) == told("WEB_TREADS")
