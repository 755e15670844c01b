"""What .env says: what is refused before anything begins, and what a migration makes of it."""

import shutil
from pathlib import Path

import pytest

from tests.containers.compose.conftest import standing
from tests.containers.compose.production.conftest import env
from tests.containers.compose.stack import SERVICES, Stack

pytestmark = pytest.mark.docker

OPTIONAL = {
    "MAIL_FROM": "no-reply@example.org",
    "MAIL_PASSWORD_FILE": "/run/secrets/mail_password",
    "MAIL_SERVER": "mail.example.org",
    "MAIL_USERNAME": "slipway",
    "SENTRY_DSN_FILE": "/run/secrets/sentry_dsn",
    "SESSION_STORE": "redis",
}


@pytest.fixture
def checked(fresh):
    """A function that has compose check what `.env` says, and returns what became of that."""
    fresh.compose("run", "--rm", "secrets", "make")

    def checked(**settings):
        with env(fresh, **settings):
            return fresh.compose("run", "--rm", "--no-deps", "--no-TTY", "check", check=False)

    return checked


def test_what_is_nearly_a_setting_is_refused_and_what_others_read_is_not(checked):
    result = checked(WEB_TREADS=8, AWS_REGION="eu", COMPOSE_PROFILES="", WEB_THREADS=3)
    assert result.returncode == 78
    told = [line.strip() for line in result.stderr.splitlines() if line.startswith("  ")]
    assert told == ["WEB_TREADS: no such setting; did you mean WEB_THREADS?"]
    assert checked(WEB_THREADS=3).returncode == 0


def test_all_that_is_wrong_is_told_at_once(checked):
    result = checked(WEB_TREADS=8, WEB_THREADS="none", PUBLIC_URL="https://example.org")
    assert result.returncode == 78
    told = {line.strip().partition(":")[0] for line in result.stderr.splitlines() if line.startswith("  ")}
    assert told == {"WEB_TREADS", "WEB_THREADS", "EDGE_FRONT"}


def test_https_without_somebody_who_is_believed_in_front_is_refused(checked):
    result = checked(APP_ENV="production", PUBLIC_URL="https://example.org")
    assert result.returncode == 78
    assert "EDGE_FRONT: missing" in result.stderr
    front = "./deploy/docker/front/edge.conf"
    assert checked(APP_ENV="production", PUBLIC_URL="https://example.org", EDGE_FRONT=front).returncode == 0


def test_a_front_that_is_not_there_is_told_and_no_folder_is_made_of_it(fresh):
    with env(fresh, EDGE_FRONT="./front.conf"):
        result = fresh.compose("create", "--no-build", "edge", check=False)
    assert result.returncode != 0
    assert "front.conf" in result.stderr
    assert "does not exist" in result.stderr
    assert not (fresh.folder / "front.conf").exists()


@pytest.mark.parametrize("owner", [0, 4321])
def test_files_that_the_containers_cannot_read_are_told_before_anything_begins(engine, image, clone, tmp_path, owner):
    """As a checkout is with a umask of 077."""
    folder = shutil.copytree(clone, tmp_path / "clone")
    for path in (folder / "deploy", *(folder / "deploy").rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
        shutil.chown(path, owner, owner)
    with standing(Stack(engine, folder, (image, image))) as stack:
        result = stack.compose("up", "--no-build", "--detach", "--wait", check=False)
        assert result.returncode != 0
        assert stack.services()["postgres"][0] == "created"
        assert "chmod -R go+rX deploy" in stack.logs("secrets")
        engine.result(
            "run", "--rm", "--user=0:0", f"--volume={folder}:/it", image, "chmod", "-R", "go+rX", "/it/deploy"
        )
        assert "made service/secret_key" in stack.compose("run", "--rm", "secrets", "make")


def test_what_the_check_accepts_the_migration_accepts(fresh):
    fresh.compose("run", "--rm", "secrets", "make")
    for path in (value for name, value in OPTIONAL.items() if name.endswith("_FILE")):
        put = ["run", "--rm", "--no-TTY", "secrets", "put", "service", Path(path).name]
        fresh.compose(*put, input="https://key@errors.example.org/1")
    with env(fresh, **OPTIONAL):
        fresh.compose("run", "--rm", "--no-TTY", "migrate")


def test_the_migration_has_all_settings_of_the_check_but_for_the_database():
    def given(name):
        service = SERVICES[name]
        mounts = [mount for mount in service["volumes"] if mount.startswith("secrets-service")]
        return service["environment"] | {"EDGE_FRONT": "", "DATABASE_URL_FILE": ""}, service["env_file"], mounts

    assert given("migrate") == given("check")
    assert given("web")[1:] == given("check")[1:]
