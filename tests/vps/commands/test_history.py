"""What the journal keeps of what was done to the service: who, what, and how it ended."""

import pytest

pytestmark = pytest.mark.vps


@pytest.fixture
def history(steady):
    """A function that returns what was recorded since the test began."""
    command = "journalctl --sync; journalctl --identifier slipway --quiet --output cat"

    def recorded():
        return steady.machine.run(command).stdout.splitlines()

    before = len(recorded())
    return lambda: recorded()[before:]


def test_each_change_is_recorded_with_who_made_it_and_what_came_of_it(steady, history):
    run = steady.machine.run
    run("SUDO_USER=alice slipway release HEAD --name second")
    second = steady.live()
    run("SUDO_USER=alice slipway rollback && cd /root/slipway && SUDO_USER=bob deploy/vps/provision")
    first = steady.live()
    begins, done, *rollback = history()
    assert begins == "alice: release HEAD: begins"
    assert done.startswith(f"alice: release HEAD: done: {second[1]} (second) serves at {second[0]} since ")
    assert rollback[1].startswith(f"alice: rollback: done: {first[1]} (first) serves at {first[0]} since ")
    assert [rollback[0], *rollback[2:]] == [
        "alice: rollback: begins",
        "bob: provision: begins",
        "bob: provision: done: 0 changes",
    ]


def test_what_is_refused_is_recorded_with_its_reason(steady, history):
    steady.machine.run("slipway rollback zeroth", check=False)
    begins, failed = history()
    assert begins == "root: rollback zeroth: begins"
    assert failed.startswith("root: rollback zeroth: FAILED: there is no release zeroth here; there are")


def test_what_is_interrupted_is_recorded_as_not_done(steady, history):
    begun = "timeout 60 sh -c 'until journalctl -t slipway -n 1 | grep --quiet begins; do sleep 0.1; done'"
    steady.machine.run(f"slipway restart & {begun}; kill $!; wait $!", check=False)
    assert history() == ["root: restart: begins", "root: restart: cut off"]
    assert steady.get("/v1/ping")[0] == 200


def test_what_changes_nothing_is_not_recorded(steady, history):
    for command in (
        "release HEAD --dry-run",
        "restart --dry-run",
        "restore --dry-run",
        "provision --dry-run",
        "status",
    ):
        steady.machine.run(f"slipway {command}")
    assert history() == []


def test_what_a_timer_has_begun_is_recorded_from_its_sandbox(steady, history):
    steady.machine.run("systemctl start slipway-backup && systemctl start slipway-restore-drill")
    lines = history()
    assert lines[::2] == ["slipway_migrate: backup: begins", "slipway_migrate: restore-drill: begins"]
    assert lines[1].startswith("slipway_migrate: backup: done: /var/backups/slipway/slipway-")
    assert lines[3].startswith("slipway_migrate: restore-drill: done: slipway-")


def test_a_restore_is_one_record_with_the_backup_that_it_makes_before(steady, history):
    steady.machine.run("SUDO_USER=alice slipway restore --yes")
    begins, done = history()
    assert begins.startswith("alice: restore slipway-")
    assert " is slipway-" in done
    assert done.startswith(begins.removesuffix("begins") + "done: slipway is slipway-")
