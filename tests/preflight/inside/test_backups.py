import os
import time

import pytest

from app.preflight.inside import backups
from tests.preflight.looking import found, not_checked, passes

HOUR = 3_600
NAMES = {
    "backup": "backup_last_success_timestamp_seconds",
    "offsite": "backup_offsite_last_success_timestamp_seconds",
    "restore_drill": "restore_drill_last_success_timestamp_seconds",
}


@pytest.fixture
def publish(tmp_path):
    """A function that writes figures as deploy/vps/backup does: each so many hours old, or an empty file."""

    def publish(**ages):
        for name, hours in ages.items():
            metric = NAMES[name]
            said = "" if hours is None else f"# TYPE {metric} gauge\n{metric} {int(time.time() - hours * HOUR)}\n"
            (tmp_path / f"slipway_{name}.prom").write_text(said)

    return publish


def test_a_backup_of_last_night_passes(here, publish):
    publish(backup=12, offsite=12, restore_drill=100)
    assert passes(backups.backups, here())
    assert passes(backups.restore_drill, here())


def test_where_no_copy_is_wanted_none_is_missed(here, publish):
    publish(backup=12, offsite=None)
    assert passes(backups.backups, here())


def test_a_backup_that_is_old_is_found(here, publish):
    publish(backup=30)
    assert found(backups.backups, here()) == ["high: The last backup that succeeded is 30 hours old."]


def test_a_copy_that_is_old_is_found(here, publish):
    publish(backup=1, offsite=50)
    assert found(backups.backups, here()) == ["high: The last copy elsewhere that succeeded is 50 hours old."]


def test_a_backup_that_never_succeeded_is_found_when_one_was_due(here, publish, tmp_path):
    publish(backup=None)
    assert passes(backups.backups, here())
    long_ago = time.time() - 48 * HOUR
    os.utime(tmp_path / "slipway_backup.prom", (long_ago, long_ago))
    assert found(backups.backups, here()) == ["high: No backup has succeeded, and the machine is 48 hours old."]


def test_a_drill_that_is_late_is_found(here, publish):
    publish(restore_drill=200)
    assert found(backups.restore_drill, here()) == ["medium: The last restore drill that succeeded is 200 hours old."]


def test_a_machine_that_makes_no_backups_says_so(here):
    assert "there are no figures at" in not_checked(backups.backups, here())
    assert "there are no figures at" in not_checked(backups.restore_drill, here())
