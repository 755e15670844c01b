"""What the command finds in its environment."""

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

NO_SERVER = {"DATABASE_URL": "postgresql://elsewhere/app", "REDIS_URL": "redis://elsewhere"}


def _shown(project: "Project", name: str, **environ: str) -> str:
    result = project.run("sh", "-c", f'printf %s "${name}"', **environ)
    assert result.returncode == 0, result.stderr
    return result.stdout


def _other_server(name: str) -> dict[str, str]:
    """Return what keeps a server from being started of which `name` does not speak."""
    return {other: url for other, url in NO_SERVER.items() if not name.startswith(other)}


def test_the_command_can_use_the_database(project: "Project") -> None:
    program = (
        "import os, psycopg; url = os.environ['DATABASE_URL'].replace('+psycopg', '');"
        "print(psycopg.connect(url).execute('SELECT current_database()').fetchone()[0])"
    )
    for _again in range(2):
        assert project.run("python", "-c", program).stdout == "app\n"


def test_the_command_can_use_the_redis(new_project: "Project") -> None:
    program = "import os, redis; print(redis.Redis.from_url(os.environ['REDIS_URL']).incr('runs'))"
    runs = [new_project.run("python", "-c", program, DATABASE_URL="postgresql://elsewhere/app") for _turn in range(2)]
    assert [(run.stdout, run.stderr.count("REDIS_URL")) for run in runs] == [("1\n", 0), ("2\n", 0)]


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"])
def test_a_server_named_by_the_environment_is_used_and_none_is_started(new_project: "Project", name: str) -> None:
    assert _shown(new_project, name, **_other_server(name), **{name: "mine"}) == "mine"
    assert not any(folder.exists() for folder in (new_project.state, new_project.valkey))


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"])
def test_a_server_named_by_dotenv_is_used_and_none_is_started(new_project: "Project", name: str) -> None:
    (new_project.folder / ".env").write_text(f"{name}=mine\n")
    assert _shown(new_project, name, **_other_server(name)) == ""  # the service reads .env itself
    assert not any(folder.exists() for folder in (new_project.state, new_project.valkey))


def test_which_servers_are_not_our_own_is_said(new_project: "Project") -> None:
    assert new_project.run("true", **NO_SERVER).stderr.splitlines() == [
        "devtools: the database is the one that DATABASE_URL names",
        "devtools: the Redis is the one that REDIS_URL names",
    ]


@pytest.mark.parametrize("name", NO_SERVER)
def test_the_environment_wins_over_dotenv(new_project: "Project", name: str) -> None:
    (new_project.folder / ".env").write_text(f"{name}=theirs\n")
    assert _shown(new_project, name, **_other_server(name), **{name: "mine"}) == "mine"


def test_the_programs_of_the_running_python_come_first(new_project: "Project") -> None:
    path = _shown(new_project, "PATH", **NO_SERVER)
    assert path.split(":")[0] == str(Path(sys.executable).parent)


@pytest.mark.parametrize(("given", "found"), [({}, "development"), ({"APP_ENV": "staging"}, "staging")])
def test_development_is_the_default(new_project: "Project", given: dict[str, str], found: str) -> None:
    assert _shown(new_project, "APP_ENV", **NO_SERVER, **given) == found


def test_a_secret_key_is_made_once_for_its_owner_alone(new_project: "Project") -> None:
    first, second = (Path(_shown(new_project, "SECRET_KEY_FILE", **NO_SERVER)) for _turn in range(2))
    assert first == second
    assert first.is_absolute()
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert len(first.read_text()) == 64


def test_a_secret_key_stays_the_same(new_project: "Project") -> None:
    keys = {new_project.run("sh", "-c", 'cat "$SECRET_KEY_FILE"', **NO_SERVER).stdout for _turn in range(2)}
    assert len(keys) == 1


@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FILE"])
def test_no_secret_key_is_made_where_one_is_given(new_project: "Project", name: str) -> None:
    assert _shown(new_project, name, **NO_SERVER, **{name: "mine"}) == "mine"
    assert not (new_project.folder / ".dev" / "secret_key").exists()
