"""Backups: made a day ago at most, copied elsewhere if that is wanted, and proved by restoring one."""

import re
import time
from collections.abc import Iterator

from app.preflight.checks import NotHereError, Wrong, check
from app.preflight.inside.here import Here

HOUR = 3_600
# As the alerts BackupOld, BackupCopyOld and RestoreDrillOld have it (deploy/prometheus/rules/machine.yml).
BACKUP, COPY, DRILL = 26 * HOUR, 26 * HOUR, 8 * 24 * HOUR


@check(
    "backups",
    "high",
    promise="The last backup is not older than 26 hours, nor is its copy elsewhere, where one is wanted.",
    why="What has been written since is lost with the disk, or with one wrong statement.",
)
def backups(here: Here) -> Iterator[Wrong]:
    """Read the figures that Prometheus is given, too."""
    yield from _late(here, "backup", "backup_last_success_timestamp_seconds", BACKUP, "slipway backup")
    if (here.backups / "slipway_offsite.prom").exists() and (here.backups / "slipway_offsite.prom").stat().st_size:
        yield from _late(here, "offsite", "backup_offsite_last_success_timestamp_seconds", COPY, "slipway backup")


@check(
    "restore-drill",
    "medium",
    promise="A backup was restored on trial in the last eight days.",
    why="A backup that nobody has restored may be none.",
)
def restore_drill(here: Here) -> Iterator[Wrong]:
    """Read when that succeeded last."""
    metric = "restore_drill_last_success_timestamp_seconds"
    yield from _late(here, "restore_drill", metric, DRILL, "slipway restore-drill")


def _late(here: Here, name: str, metric: str, seconds: int, command: str) -> Iterator[Wrong]:
    path = here.backups / f"slipway_{name}.prom"
    try:
        found = re.search(rf"^{metric} ([0-9.e+]+)$", path.read_text(), re.MULTILINE)
    except OSError as error:
        raise NotHereError(
            f"there are no figures at {path}: deploy/vps does not make backups on this machine, or not yet",
            f"ask Prometheus for {metric}, or whoever makes them when one was restored last",
        ) from error
    what = name.replace("_", " ").replace("offsite", "copy elsewhere")
    # Before the first one there is an empty file, from the day on which the machine was prepared.
    at = float(found[1]) if found else path.stat().st_mtime
    if (age := time.time() - at) > seconds:
        said = f"The last {what} that succeeded is" if found else f"No {what} has succeeded, and the machine is"
        yield Wrong(f"{said} {age / HOUR:.0f} hours old.", f"{command}; it says what is wrong.")
