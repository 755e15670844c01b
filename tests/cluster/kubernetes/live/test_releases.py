import threading
import time

import pytest

from app.core.data import migrations
from tests.cluster.kubernetes.live.visitors import ask, visitors
from tests.stack.conftest import until

pytestmark = pytest.mark.cluster

HEAD, _ = migrations._revisions()
BROKEN = f"""
from alembic import op

revision, down_revision = "9999", {HEAD!r}


def upgrade():
    op.execute("CREATE TABLE half (id int)")
    op.execute("SELECT 1 / 0")
"""


def test_the_first_release_migrates_before_it_serves(served, first, say):
    assert ask(served.address(), "/v1/notes") == 200
    assert "job.batch/migration-" in first.stdout
    steps = ["Migrated: ", "deployment.apps/web created", "deployment.apps/worker created", "service/web created"]
    assert sorted(steps, key=first.stdout.index) == steps
    until(lambda: served.all_ready(2))
    assert len(served.pods("worker")) == 2
    say(f"first release in {first.seconds:.0f} s")


def test_a_release_under_load_loses_no_request(served, say):
    before = served.names()
    with visitors(served.address()) as people:
        done = served.release(RELEASE="second")
        assert done.returncode == 0, done.stdout + done.stderr
        until(lambda: served.names().isdisjoint(before))
        time.sleep(served.pause() + 5)  # the last of the former pods ends now
    say(f"rolled out in {done.seconds:.0f} s; {people}")
    assert people.failed == []
    assert people.answered > 500
    assert {pod["metadata"]["name"] for pod in served.pods()}.isdisjoint(before)


def test_an_image_that_is_not_there_stops_before_anything_has_changed(served, say):
    before = served.everybody()
    with visitors(served.address()) as people:
        done = served.release("registry.invalid/slipway:none")
    assert done.returncode == 1
    assert "the migration does not start; the former release serves on, and nothing is to be undone" in done.stderr
    assert served.everybody() == before
    assert people.failed == []
    say(f"refused after {done.seconds:.0f} s; {people}")


def test_a_secret_that_is_not_there_stops_before_anything_has_changed(served):
    before = served.everybody()
    kept = served.web("get", "secret", "slipway-backup", "--output=yaml")
    served.web("delete", "secret", "slipway-backup")
    try:
        done = served.release(RELEASE="none")
    finally:
        served.web("apply", "--filename=-", input=kept)
    assert done.returncode == 1, done.stdout
    assert "no such Secret in slipway-test: slipway-backup; nothing has changed" in done.stderr
    assert served.everybody() == before


def test_a_migration_that_fails_leaves_the_former_release_serving(served, say):
    before = served.everybody()
    with visitors(served.address()) as people:
        done = served.release(RELEASE="third", migration=BROKEN)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "division by zero" in done.stderr
    assert "the migration failed; the former release serves on" in done.stderr
    assert served.everybody() == before
    assert served.sql("SELECT to_regclass('half')") == ""
    assert people.failed == []
    say(f"refused after {done.seconds:.0f} s; {people}")


def test_a_release_that_never_becomes_ready_is_taken_back(served, say):
    settings, told = served.settings(), served.told("web")
    with visitors(served.address()) as people:
        # Nobody but the pod itself can ask there, so no probe gets an answer.
        done = served.release(METRICS_BIND="127.0.0.1:8001")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "web did not become ready; the former release serves on" in done.stderr
    assert served.settings() == settings
    assert served.told("web") == told  # so that the next release knows what it may remove
    assert people.failed == []
    until(lambda: served.all_ready(2))
    say(f"taken back after {done.seconds:.0f} s; {people}")


def test_a_release_that_does_not_answer_the_public_is_taken_back(served, say):
    settings, told = served.settings(), served.told("web")
    with visitors(served.address()) as people:
        # Nobody listens where it is asked.
        done = served.release(options=["--smoke-test", "http://127.0.0.1:1"], RELEASE="unheard")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "what http://127.0.0.1:1 answers is not as promised; the former release serves on" in done.stderr
    assert served.settings() == settings
    assert served.told("web") == told
    assert people.failed == []
    until(lambda: served.all_ready(2))
    say(f"taken back after {done.seconds:.0f} s; {people}")


def test_a_pod_that_is_deleted_answers_what_it_has_begun(served, say):
    until(lambda: served.all_ready(2))
    pod = served.pods()[0]
    name, address = pod["metadata"]["name"], (pod["status"]["podIP"], 8000)
    answers = []
    served.web("delete", "pod", name, "--wait=false")
    time.sleep(served.pause() - 3)
    with served.held("notes"):
        asking = [threading.Thread(target=lambda: answers.append(ask(address, "/v1/notes"))) for _ in range(3)]
        for thread in asking:
            thread.start()
        time.sleep(6)  # SIGTERM has come, and they still wait
        assert answers == []
    for thread in asking:
        thread.join()
    assert answers == [200] * 3
    until(lambda: name not in served.web("get", "pods", "--output=name"))
    until(lambda: served.all_ready(2))


def test_a_pod_that_is_killed_is_replaced(served, say):
    until(lambda: served.all_ready(2))
    before = served.names()
    victim = min(before)
    with visitors(served.address()) as people:
        time.sleep(2)
        served.web("delete", "pod", victim, "--grace-period=0", "--force")
        until(lambda: victim not in served.names() and served.all_ready(2))
        failed = len(people.failed)
        time.sleep(5)
    say(f"killed: {people}")
    assert len(people.failed) == failed  # none once it is replaced
    assert len(served.names() & before) == 1
