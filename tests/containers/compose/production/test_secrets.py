"""Secrets and settings of a stack that serves: put in force, renewed, saved elsewhere and brought back."""

import json
import re
from collections import Counter
from threading import Event, Thread

import pytest

from tests.containers.compose.conftest import standing
from tests.containers.compose.load import visited
from tests.containers.compose.production.conftest import as_the_guide_says, env
from tests.containers.compose.stack import Stack, until

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def serving(engine, image, edge_image, clone):
    """A stack that tests of this file change one after the other."""
    with standing(Stack(engine, clone, (image, edge_image))) as stack:
        stack.up()
        yield stack


def read(stack, name):
    return stack.run("web", "cat", f"/run/secrets/{name}")


class Readers(Thread):
    """Somebody who reads notes without a pause, so that the database is asked for each."""

    def __init__(self, stack):
        super().__init__()
        self.stack, self.ended, self.counts = stack, Event(), Counter()

    def run(self):
        with self.stack.client() as client:
            while not self.ended.is_set():
                self.counts[client.get("/v1/notes").status_code] += 1

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def test_a_setting_that_was_changed_is_in_force_without_a_request_lost(serving, say):
    before = serving.container("web")
    with env(serving, LOG_LEVEL="DEBUG"):
        serving.compose("restart", "web")
        assert "LOG_LEVEL=DEBUG" not in serving.run("web", "env")  # as the guide says: that reads nothing anew
        until(lambda: serving.status() == 200)
        with visited(serving.url) as load:
            as_the_guide_says(serving, "docker compose run --rm check ")
    say(load)
    assert serving.container("web") != before
    for service in ["web", "worker"]:
        assert "LOG_LEVEL=DEBUG" in serving.run(service, "env")
    assert_hardly_any(load.failed)


def assert_hardly_any(failed):
    """See the guide, of a release: at most what was just being sent to a container in the moment it was gone."""
    assert set(failed) <= {504}
    assert sum(failed.values()) <= 4


def token_of(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def test_a_key_is_renewed_while_forms_are_open_that_the_former_one_has_signed(serving):
    former, coming = read(serving, "secret_key"), read(serving, "secret_key_fallbacks")
    with serving.client() as client:
        token = token_of(client.get("/notes"))
        as_the_guide_says(serving, "renew secret_key")
        assert read(serving, "secret_key") == coming  # whoever ran with the former had known it already
        fallbacks = read(serving, "secret_key_fallbacks").split(",")
        assert fallbacks[0] == former
        assert len(set(fallbacks) | {former, coming}) == 3
        assert client.post("/notes", data={"csrf_token": token, "title": "before"}).status_code == 303


def test_after_a_leak_nothing_is_accepted_that_the_former_key_has_signed(serving):
    known = read(serving, "secret_key"), read(serving, "secret_key_fallbacks")
    with serving.client() as client:
        token = token_of(client.get("/notes"))
        as_the_guide_says(serving, "rm secrets /secrets/service/secret_key")
        assert not {read(serving, "secret_key"), read(serving, "secret_key_fallbacks")} & set(known)
        assert client.post("/notes", data={"csrf_token": token, "title": "too late"}).status_code == 400


def test_passwords_of_the_database_are_renewed_while_somebody_reads(serving, say):
    before = read(serving, "database_url")
    with Readers(serving) as first, Readers(serving) as second:
        as_the_guide_says(serving, "renew slipway_password")
    counts = first.counts + second.counts
    say(f"{dict(counts)}")
    assert_hardly_any({status: count for status, count in counts.items() if status != 200})
    assert read(serving, "database_url") != before
    connect = "import psycopg; psycopg.connect(open('/run/secrets/database_url').read()).execute('SELECT 1')"
    serving.python("web", connect)
    refused = serving.compose(
        "exec", "--no-TTY", "web", "python", "-c", f"import psycopg; psycopg.connect({before!r})", check=False
    )
    assert "password authentication failed" in refused.stderr


def test_the_password_of_redis_is_renewed_and_requests_are_answered_meanwhile(serving, say):
    before = read(serving, "redis_url")
    with visited(serving.url) as load:
        as_the_guide_says(serving, "renew redis_password")
    say(load)
    assert_hardly_any(load.failed)
    assert read(serving, "redis_url") != before
    with serving.client() as client:
        assert "degraded" not in client.get("/readyz").text


def test_secrets_are_saved_and_brought_back_to_another_machine(serving, fresh):
    as_the_guide_says(serving, "tar c *")
    assert (serving.folder / "secrets.tar").stat().st_mode & 0o777 == 0o600
    as_the_guide_says(fresh, "-x <secrets.tar")
    made = fresh.compose("run", "--rm", "--no-TTY", "secrets", "make")
    assert made == ""  # nothing was missing

    def all_of(stack):
        command = ["run", "--rm", "--no-TTY", "--entrypoint=sh", "secrets", "-c", "cd /secrets; grep -r . ."]
        return sorted(stack.compose(*command).splitlines())

    assert all_of(fresh) == all_of(serving)
    fresh.up()
    assert fresh.status() == 200


def test_passwords_that_were_lost_are_made_anew_and_told_to_the_database(serving):
    lost = ["run", "--rm", "--no-TTY", "--entrypoint=rm", "secrets", "/secrets/postgres/slipway_password"]
    serving.compose(*lost, "/secrets/service/database_url")
    as_the_guide_says(serving, "renew slipway_password")
    assert serving.status() == 200
    assert serving.status("/v1/notes") == 200


def test_no_secret_is_known_to_the_engine(serving):
    known = {read(serving, name) for name in ("secret_key", "secret_key_fallbacks", "database_url", "redis_url")}
    told = "".join(json.dumps(serving.engine.inspect(container)) for container in serving.containers())
    assert [secret for secret in known if secret in told or secret in serving.says()] == []


def test_a_secret_of_ones_own_is_read_from_its_file(serving):
    (serving.folder / "sentry_dsn").write_text("https://key@errors.example.org/1\n")
    with env(serving, SENTRY_DSN_FILE="/run/secrets/sentry_dsn"):
        listed = as_the_guide_says(serving, "put service sentry_dsn")
        assert "service/sentry_dsn" in listed.split()
        code = "from app.config import load_config; import os; print(load_config(os.environ).SENTRY_DSN)"
        assert serving.python("web", code) == "https://key@errors.example.org/1"
    as_the_guide_says(serving, "docker compose run --rm check ")
