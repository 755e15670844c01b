"""The files in which worker processes keep their metrics: made at a cold start, folded when a worker is gone.

prometheus_client gives each process files of its own and adds all of them up at each scrape. A worker that is
replaced leaves its files behind: without folding, a scrape costs more with every worker that there ever was.
"""

import atexit
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's, read when that is imported
PREFIX = "flask-metrics-"
_LIFE = "life.lock"  # held by the master and its workers: a folder whose lock is free has been left behind
_READERS = "readers.lock"
START_SECONDS = 600  # a folder without a lock is younger while its master starts; an older one was left behind
_GONE = "0"  # in place of a process number: the sum of all who are gone


@cache
def of_this_master() -> "MetricFiles":
    """Return the files of this process, which lives on when a hang-up has it read its settings again."""
    return MetricFiles()


class MetricFiles:
    """The folder of one Gunicorn, which goes with it; used by the master alone."""

    def __init__(self) -> None:
        """Take over the folder that the environment names, and remove those of masters that were killed."""
        self.folder = Path(os.environ[VARIABLE])
        self._dead: set[int] = set()
        _lock(self.folder / _LIFE, fcntl.LOCK_EX)  # let go of by the end of the last process, whatever that is
        _sweep(self.folder.parent)
        atexit.register(self._remove, os.getpid())

    def fold(self, pid: int) -> None:
        """Add the counts of a worker that is gone to those of its predecessors, and drop its gauges.

        While a scrape reads, this waits for the next worker's end: the master must never wait for a worker.
        """
        self._dead.add(pid)
        # Of a folder that is full or gone too, a master does not die: the worker's counts stay where they are.
        with suppress(OSError), _locked(self.folder / _READERS, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for path in [path for dead in self._dead for path in self.folder.glob(f"*_{dead}.db")]:
                kind = path.stem.partition("_")[0]
                if kind != "gauge":
                    _add(path, self.folder / f"{kind}_{_GONE}.db")
                path.unlink()
            self._dead.clear()

    def _remove(self, master: int) -> None:
        if os.getpid() == master:  # workers leave by the same door
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def reading() -> Iterator[Path | None]:
    """Yield the folder, in which nothing is folded meanwhile; None where there is one process only."""
    if folder := os.environ.get(VARIABLE):
        with _locked(Path(folder) / _READERS, fcntl.LOCK_SH):
            yield Path(folder)
    else:
        yield None


def _add(source: Path, total: Path) -> None:
    sums = MmapedDict(str(total))
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(source)):
        sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    sums.close()


def _sweep(base: Path) -> None:
    for folder in base.glob(f"{PREFIX}*"):
        life = folder / _LIFE
        with suppress(OSError):  # in use, another user's, or gone already
            if not life.exists() and time.time() - folder.stat().st_mtime < START_SECONDS:
                continue
            with _locked(life, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(folder)


def _lock(path: Path, how: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    descriptor = _lock(path, how)
    try:
        yield
    finally:
        os.close(descriptor)
