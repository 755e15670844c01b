import secrets
import subprocess
import sys

import pytest

from app.config import ConfigError, load_config
from app.config.environments import Production
from app.config.setting import REQUIRED, settings_of
from tests.conftest import PRODUCTION, TESTING

PRINT = "from app.config import load_config_or_exit; print(load_config_or_exit().DB_POOL_SIZE)"


def refused(environ, **kwargs):
    with pytest.raises(ConfigError) as refusal:
        load_config(environ, **kwargs)
    return refusal.value.problems


def outcome(environ):
    try:
        return load_config(environ).mapping()
    except ConfigError as error:
        return error.problems


@pytest.fixture
def development(environment):
    """The variables of a developer's machine."""
    environment["APP_ENV"] = "development"
    return environment


@pytest.fixture
def without_key(production):
    """The variables of a service in production that lacks its key."""
    del production["SECRET_KEY"]
    return production


def test_production_needs_four_variables_and_no_more(production):
    config = load_config(production)
    required = {name for name, declared in settings_of(Production).items() if declared.default is REQUIRED}
    assert required == {"PUBLIC_URL", "SECRET_KEY", "DATABASE_URL"}
    assert config.PROXY_HOPS_PROTO == 1  # the fourth, which every proxy in front asks for


@pytest.mark.parametrize("name", settings_of(Production))
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_variable_counts_as_unset(production, name, empty):
    variable = settings_of(Production)[name].variable or name
    unset = {key: value for key, value in production.items() if key != variable}
    assert outcome({**production, variable: empty}) == outcome(unset)


def test_white_space_around_a_value_is_not_part_of_it(production):
    assert load_config({**production, "DB_POOL_SIZE": " 9 "}).DB_POOL_SIZE == 9


def test_a_secret_may_be_given_as_a_file(without_key, tmp_path):
    key = secrets.token_hex(32)
    (tmp_path / "key").write_text(f"{key}\n")
    config = load_config({**without_key, "SECRET_KEY_FILE": str(tmp_path / "key")})
    assert key == config.SECRET_KEY


@pytest.mark.parametrize("name", [name for name, declared in settings_of(Production).items() if declared.secret])
def test_every_secret_may_be_given_as_a_file_and_no_other_setting(production, tmp_path, name):
    assert refused({**production, name: "", f"{name}_FILE": str(tmp_path / "nothing")}) == {
        name: "its file cannot be read (No such file or directory)"
    }
    others = {key for key, declared in settings_of(Production).items() if not declared.secret}
    load_config({**production, **{f"{other}_FILE": "/nothing" for other in others}})


def test_a_secret_that_is_given_twice_is_refused(production, tmp_path):
    (tmp_path / "key").write_text(production["SECRET_KEY"])
    problems = refused({**production, "SECRET_KEY_FILE": str(tmp_path / "key")})
    assert problems == {"SECRET_KEY": "given twice, as SECRET_KEY and as SECRET_KEY_FILE"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "its file is empty"),
        (b"\n", "its file is empty"),
        (b"\xff" * 32, "not UTF-8"),
        (b"short\n", "5 characters"),
    ],
)
def test_a_secret_in_a_file_is_held_to_the_same_rules(without_key, tmp_path, content, problem):
    (tmp_path / "key").write_bytes(content)
    problems = refused({**without_key, "SECRET_KEY_FILE": str(tmp_path / "key")})
    assert list(problems) == ["SECRET_KEY"]
    assert problem in problems["SECRET_KEY"]


def test_a_directory_is_no_secret(without_key, tmp_path):
    problems = refused({**without_key, "SECRET_KEY_FILE": str(tmp_path)})
    assert problems == {"SECRET_KEY": "its file cannot be read (Is a directory)"}


def test_the_environment_wins_over_a_configuration_file(production, tmp_path):
    (tmp_path / "settings").write_text("DB_POOL_SIZE=7\nWEB_THREADS=7\n")
    config = load_config({**production, "APP_CONFIG_FILE": str(tmp_path / "settings"), "WEB_THREADS": "8"})
    assert (config.DB_POOL_SIZE, config.WEB_THREADS) == (7, 8)


def test_an_empty_variable_takes_back_what_a_file_sets(production, tmp_path):
    (tmp_path / "settings").write_text("REDIS_URL=redis://h/0\n")
    config = load_config({**production, "APP_CONFIG_FILE": str(tmp_path / "settings"), "REDIS_URL": ""})
    assert config.REDIS_URL is None


def test_a_configuration_file_may_choose_the_environment(production, tmp_path):
    (tmp_path / "settings").write_text("APP_ENV=staging\n")
    del production["APP_ENV"]
    assert load_config({**production, "APP_CONFIG_FILE": str(tmp_path / "settings")}).ENVIRONMENT == "staging"


def test_a_configuration_file_is_held_to_the_rules_of_production(production, tmp_path):
    (tmp_path / "settings").write_text("FLASK_DEBUG=1\nDB_POOL_SIZE=many\n")
    problems = refused({**production, "APP_CONFIG_FILE": str(tmp_path / "settings")})
    assert set(problems) == {"FLASK_DEBUG", "DB_POOL_SIZE"}


def test_every_malformed_line_of_a_configuration_file_is_reported(production, tmp_path):
    (tmp_path / "settings").write_text("WEB_THREADS=1\nbad line\nA='open\n")
    problems = refused({**production, "APP_CONFIG_FILE": str(tmp_path / "settings")})
    assert problems == {
        "APP_CONFIG_FILE": "line 2 of settings is not NAME=value; spaces need quotes; "
        "line 3 of settings is not NAME=value; spaces need quotes"
    }


def test_a_name_in_a_configuration_file_that_no_setting_has_is_refused_whichever_the_environment(tmp_path):
    (tmp_path / "settings").write_text("# Logs\nLOGLEVEL=DEBUG\n")
    for environ in (PRODUCTION, TESTING):
        assert refused({**environ, "APP_CONFIG_FILE": str(tmp_path / "settings")}) == {
            "LOGLEVEL": "no such setting (line 2 of settings); did you mean LOG_LEVEL?"
        }


def test_a_name_that_is_unknown_hides_nothing_else_that_is_wrong(production, tmp_path):
    (tmp_path / "settings").write_text("REDIS=redis://h/0\nURL=x\nSESSION_STORE=redis\n")
    problems = refused({**production, "APP_CONFIG_FILE": str(tmp_path / "settings")})
    assert set(problems) == {"REDIS", "URL", "SESSION_STORE"}


def test_names_in_the_environment_may_be_anybodys(production):
    load_config({**production, "LOGLEVEL": "DEBUG", "PGOPTIONS": "-c jit=off"})


def test_a_configuration_file_that_is_missing_is_refused(production, tmp_path):
    problems = refused({**production, "APP_CONFIG_FILE": str(tmp_path / "nothing")})
    assert problems == {"APP_CONFIG_FILE": "its file cannot be read (No such file or directory)"}


def test_development_reads_dotenv_beneath_the_environment_and_above_the_configuration_file(development, tmp_path):
    (tmp_path / ".env").write_text("DB_POOL_SIZE=5\nWEB_THREADS=5\n")
    (tmp_path / "settings").write_text("DB_POOL_SIZE=6\nWEB_THREADS=6\nWEB_TIMEOUT_SECONDS=6\n")
    environ = {**development, "APP_CONFIG_FILE": str(tmp_path / "settings"), "WEB_THREADS": "4"}
    config = load_config(environ, project=tmp_path)
    assert (config.WEB_THREADS, config.DB_POOL_SIZE, config.WEB_TIMEOUT_SECONDS) == (4, 5, 6)


@pytest.mark.parametrize("name", ["testing", "staging", "production"])
def test_dotenv_is_read_nowhere_else(production, tmp_path, name):
    (tmp_path / ".env").write_text("DB_POOL_SIZE=5\nnot a setting\n")
    config = load_config({**production, "APP_ENV": name}, project=tmp_path)
    assert Production.DB_POOL_SIZE.default == config.DB_POOL_SIZE


def test_dotenv_cannot_make_itself_read(production, tmp_path):
    (tmp_path / ".env").write_text("APP_ENV=development\nFLASK_DEBUG=1\n")
    del production["APP_ENV"]
    config = load_config(production, project=tmp_path)
    assert (config.ENVIRONMENT, config.DEBUG) == ("production", False)


def test_a_malformed_dotenv_is_refused_by_its_name(development, tmp_path):
    (tmp_path / ".env").write_text("not a setting\n")
    problems = refused(development, project=tmp_path)
    assert problems == {".env": "line 1 of .env is not NAME=value; spaces need quotes"}


def test_dotenv_is_also_read_by_others_so_only_a_slip_of_the_pen_is_refused_there(development, tmp_path):
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=slipway\nhttp_proxy=http://proxy:3128\n")
    load_config(development, project=tmp_path)
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=slipway\nWEB_TREADS=8\n")
    assert refused(development, project=tmp_path) == {
        "WEB_TREADS": "no such setting (line 2 of .env); did you mean WEB_THREADS?"
    }


def test_everything_that_is_wrong_is_reported_at_once_a_line_each(tmp_path):
    environ = {
        "APP_CONFIG_FILE": str(tmp_path / "nothing"),
        "APP_ENV": "live",
        "SECRET_KEY": "short",
        "DB_POOL_SIZE": "many",
        "TRUSTED_HOSTS": "*",
    }
    with pytest.raises(ConfigError) as refusal:
        load_config(environ)
    expected = {*environ, "PUBLIC_URL", "PROXY_HOPS_PROTO", "DATABASE_URL"}
    assert set(refusal.value.problems) == expected
    assert {line.split(":")[0] for line in str(refusal.value).splitlines()} == expected


def test_a_process_prints_what_is_wrong_and_exits_with_the_status_that_supervisors_do_not_restart_on():
    process = subprocess.run([sys.executable, "-c", PRINT], env={}, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (78, "")
    assert process.stderr.splitlines() == [
        "The configuration is not acceptable (4 to mend):",
        "  PUBLIC_URL: missing or empty",
        "  PROXY_HOPS_PROTO: 0: all would be redirected to https for ever; with one proxy in front it is 1",
        "  SECRET_KEY: missing or empty; set it, or SECRET_KEY_FILE",
        "  DATABASE_URL: missing or empty; set it, or DATABASE_URL_FILE",
    ]


def test_a_process_with_an_acceptable_configuration_gets_it(production):
    environ = {**production, "DB_POOL_SIZE": "3"}
    assert subprocess.check_output([sys.executable, "-c", PRINT], env=environ, text=True) == "3\n"
