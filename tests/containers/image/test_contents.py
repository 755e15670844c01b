import re

import pytest

from tests.conftest import PROJECT
from tests.containers.conftest import GIT_SHA, RELEASE

pytestmark = pytest.mark.docker

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def shell(engine, image):
    """A function that runs a line of shell in a container of the image, and returns what it prints."""
    return lambda line, *options: engine("run", "--rm", *options, image, "sh", "-c", line)


def test_it_is_at_most_120_megabytes_larger_than_its_base(engine, image, say):
    base = engine.inspect(name_of_base())["Size"]
    size = engine.inspect(image)["Size"]
    layers = [line.split("\t") for line in engine("history", "--format={{.Size}}\t{{.CreatedBy}}", image).splitlines()]
    ours = [f"{size} by {made}" for size, made in layers[: -len(history_of_base(engine))] if size != "0B"]
    say(f"{(size - base) / MEGABYTE:.1f} MB over a base of {base / MEGABYTE:.1f} MB", *ours)
    assert size - base <= 120 * MEGABYTE


def history_of_base(engine):
    return engine("history", "--quiet", name_of_base()).splitlines()


def name_of_base():
    """Return the name of the image that the service is built from."""
    [name] = re.findall(r"^FROM (\S+) AS python$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    return name


def test_it_runs_as_a_number_that_is_nobody(engine, image, shell):
    assert engine.inspect(image)["Config"]["User"] == "10001:10001"
    assert shell("id -u; id -g").split() == ["10001", "10001"]


def test_its_user_can_change_nothing_that_runs(shell):
    closed = "-type d ! -readable -prune"
    assert shell(f"find /srv /usr /etc /opt -xdev {closed} -o '(' -writable -o -user 10001 ')' ! -type l -print") == ""


def test_it_holds_the_service_and_nothing_beside_it(shell):
    there = set(shell("ls -A /srv/slipway").split())
    assert there == {".venv", "__pycache__", "app", "gunicorn.conf.py", "migrations", "wsgi.py"}
    assert shell("find /srv/slipway -name .venv -prune -o '(' -name 'test*' -o -name '.*' ')' -print") == ""


@pytest.mark.parametrize("command", ["cc", "gcc", "make", "pip", "pip3", "git", "uv"])
def test_it_has_no_tool_that_only_builds_need(shell, command):
    assert shell(f"command -v {command} || echo none") == "none"


@pytest.mark.parametrize("python", ["python", "/usr/local/bin/python"])
@pytest.mark.parametrize("module", ["pip", "ensurepip", "pytest", "devtools"])
def test_neither_of_its_pythons_can_install_or_test(shell, python, module):
    said = shell(f"{python} -m {module} --version 2>&1 || true")
    assert f"No module named {module}" in said


def test_nothing_is_compiled_at_start(shell):
    said = shell("python -v -c 'import gunicorn.app.wsgiapp, app' 2>&1")
    loaded = re.findall(r"^# code object from '?([^'\n]+)", said, re.MULTILINE)
    assert len(loaded) > 500
    assert [path for path in loaded if not path.endswith(".pyc")] == []


def test_it_says_what_it_is(engine, image):
    config = engine.inspect(image)["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["title"] == "slipway"
    assert labels["version"] == RELEASE
    assert labels["revision"] == GIT_SHA
    assert labels["licenses"] == "MIT"
    assert {f"RELEASE={RELEASE}", f"GIT_SHA={GIT_SHA}"} <= set(config["Env"])


def test_the_first_process_gets_its_signals_itself(engine, image):
    config = engine.inspect(image)["Config"]
    assert config["Cmd"] == ["gunicorn"]  # no shell in between
    assert not config.get("Entrypoint")
    assert config["StopSignal"] == "SIGTERM"


def test_nothing_secret_is_in_its_variables_or_its_history(engine, image):
    said = engine("history", "--no-trunc", image) + str(engine.inspect(image)["Config"])
    assert not re.search(r"SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL|://[^ ]*:[^ ]*@", said)
