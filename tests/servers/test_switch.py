"""A release under Supervisor: the new code beside the old one, and then in its place."""

import shutil
import threading
import time

import pytest

from app.core.data import migrations
from tests.conftest import PROJECT
from tests.servers.scraping import samples
from tests.stack.conftest import until

pytestmark = pytest.mark.servers

REVISION = '''"""Not applied."""
revision = "9999"
down_revision = {head!r}


def upgrade():
    pass


def downgrade():
    pass
'''


class Requests:
    """Requests for as long as a block lasts, one after the other, in a few threads."""

    def __init__(self, client):
        self.statuses = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=[client]) for _ in range(3)]

    def _ask(self, client):
        while not self._end.is_set():
            self.statuses.append(client.get("/v1/ping").status_code)
            self.statuses.append(client.post("/v1/ping").status_code)
            time.sleep(0.05)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def broken(machine, wsgi):
    """Make a release of which the application cannot be loaded."""
    release = machine.release("broken")
    (release / "wsgi.py").unlink()
    (release / "wsgi.py").write_text(wsgi)


def releases(machine, program):
    """Return which releases a program has been."""
    return {line["release"] for line in machine.records(program)}


def serve(machine, front):
    """Have web-0 serve, without workers of jobs, and return a client."""
    machine.leave_out("slipway-worker")
    machine.start()
    until(machine.is_ready)
    return front(machine)


def refused(machine, client):
    """Return what a switch says that is refused; nothing has changed for anybody, and nothing is left running."""
    former = machine.pid("slipway-web:web-0")
    with Requests(client) as requests:
        done = machine.switch(check=False)
    assert done.returncode == 1
    assert set(requests.statuses) == {200, 405}
    assert machine.status("slipway-web:web-0") == ("RUNNING", former)
    assert machine.status("slipway-web:web-1")[1] == 0
    assert (machine.state / "live").readlink().name == "web-0"
    return done.stderr


def test_a_release_replaces_the_former_one_and_no_request_is_lost(machine, front):
    machine.soon_content()
    machine.start()
    until(machine.is_ready)
    client = front(machine)
    for number, name in ((1, "1.2.4"), (0, "1.2.5")):
        machine.release(name)
        with Requests(client) as requests:
            said = machine.switch().stdout
        assert set(requests.statuses) == {200, 405}
        assert len(requests.statuses) > 100
        assert f"slipway-web:web-{number} serves" in said
        assert samples(machine, "app_info", release=name) == [1]
        assert machine.status(f"slipway-web:web-{1 - number}")[0] == "STOPPED"
        assert machine.status(f"slipway-web:web-{number}")[0] == "RUNNING"
    until(lambda: releases(machine, "slipway-worker-0") == {"1.2.3", "1.2.4", "1.2.5"})


def test_a_release_that_does_not_start_changes_nothing(machine, front):
    client = serve(machine, front)
    broken(machine, "import nothing_of_this_name\n")
    said = refused(machine, client)
    assert "The new one has not started. slipway-web:web-0 goes on." in said


def test_a_release_that_fails_when_it_was_taken_for_started_changes_nothing_and_is_not_waited_for(gunicorn, front):
    gunicorn.soon_content()
    gunicorn.change("usr/local/sbin/slipway-switch", "^ready_seconds=.*", "ready_seconds=9999")
    client = serve(gunicorn, front)
    broken(gunicorn, "import time\n\ntime.sleep(5)\nimport nothing_of_this_name\n")
    said = refused(gunicorn, client)
    assert "The new one has not started. slipway-web:web-0 goes on." in said


def test_a_release_that_is_not_ready_changes_nothing(machine, front):
    machine.soon_content()
    machine.change("usr/local/sbin/slipway-switch", "^ready_seconds=.*", "ready_seconds=3")
    client = serve(machine, front)
    ahead = machine.release("ahead")
    (ahead / "migrations").unlink()
    shutil.copytree(PROJECT / "migrations", ahead / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    head, _ = migrations._revisions()
    (ahead / "migrations/versions").mkdir(exist_ok=True)  # where nobody has written one yet
    (ahead / "migrations/versions/9999_not_applied.py").write_text(REVISION.format(head=head))
    said = refused(machine, client)
    assert "The new one is not ready after 3 seconds. slipway-web:web-0 goes on." in said
