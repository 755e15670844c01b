"""A release under Supervisor: the new code beside the old one, and then in its place."""

import shutil
import threading
import time

import pytest

from tests.conftest import PROJECT
from tests.servers.scraping import samples
from tests.stack.conftest import until

pytestmark = pytest.mark.servers

REVISION = '''"""Not applied."""
revision = "9999"
down_revision = "{head}"


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
            time.sleep(0.01)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()


def test_a_release_replaces_the_former_one_and_no_request_is_lost(machine, front):
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
    worker = until(lambda: machine.records("slipway-worker-0"))
    assert {line["release"] for line in worker} == {"1.2.3", "1.2.4", "1.2.5"}


def test_a_release_that_does_not_start_changes_nothing(machine, front):
    machine.leave_out("slipway-worker")
    machine.start()
    until(machine.is_ready)
    serving = machine.pid("slipway-web:web-0")
    client = front(machine)
    broken = machine.release("broken")
    (broken / "wsgi.py").unlink()
    (broken / "wsgi.py").write_text("import nothing_of_this_name\n")
    with Requests(client) as requests:
        done = machine.switch(check=False)
    assert done.returncode == 1
    assert "slipway-web:web-0 goes on." in done.stderr
    assert set(requests.statuses) == {200, 405}
    assert machine.status("slipway-web:web-0") == ("RUNNING", serving)
    assert machine.status("slipway-web:web-1")[0] != "RUNNING"
    assert (machine.state / "live").readlink().name == "web-0"


def test_a_release_that_is_not_ready_changes_nothing(machine, front):
    machine.change("usr/local/sbin/slipway-switch", "^ready_seconds=.*", "ready_seconds=3")
    machine.leave_out("slipway-worker")
    machine.start()
    until(machine.is_ready)
    serving = machine.pid("slipway-web:web-0")
    client = front(machine)
    ahead = machine.release("ahead")
    (ahead / "migrations").unlink()
    shutil.copytree(PROJECT / "migrations", ahead / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    head = max(path.stem for path in (ahead / "migrations/versions").glob("*.py")).partition("_")[0]
    (ahead / "migrations/versions/9999_not_applied.py").write_text(REVISION.format(head=head))
    with Requests(client) as requests:
        done = machine.switch(check=False)
    assert done.returncode == 1
    assert "The new one is not ready after 3 seconds. slipway-web:web-0 goes on." in done.stderr
    assert set(requests.statuses) == {200, 405}
    assert machine.status("slipway-web:web-0") == ("RUNNING", serving)
    assert machine.status("slipway-web:web-1")[0] == "STOPPED"
