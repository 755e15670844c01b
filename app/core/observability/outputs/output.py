"""What all outputs have in common: one that fails says so once on standard error, and tells the gap when it is back.

Python's own handlers print a traceback for every line that they cannot write, arguments and all.
"""

import fcntl
import logging
import os
import select
import stat
import time
from contextlib import suppress

PATIENCE_SECONDS = 1.0  # how long a line may wait for a reader that is slow
QUIET_SECONDS = 60.0  # how long after a failure there is no patience, and no second complaint

_STDERR = 2


class Output(logging.Handler):
    """Writes each record as one line; `where` is what the operator calls this output."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._lost = 0
        self._failed_at = float("-inf")

    def write(self, line: str, level: int, patience: float) -> None:
        """Write one line, waiting `patience` seconds at most for whoever reads it; raise `OSError` if it cannot be."""
        raise NotImplementedError

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or count it as lost; the first line after a gap is followed by one that tells of it."""
        if self._is_written(record) and self._lost and self._is_written(self._gap()):
            self._lost = 0

    def _is_written(self, record: logging.LogRecord) -> bool:
        try:
            self.write(self._format(record), record.levelno, self._patience())
        except OSError as error:
            self._fail(error)
            return False
        return True

    def _format(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # noqa: BLE001  whatever a caller has logged, the line says where it was
            kind, place = type(error).__name__, f"{record.filename}:{record.lineno}"
            return self.format(_record(record.name, logging.ERROR, "what %s logs cannot be formatted: %s", place, kind))

    def _gap(self) -> logging.LogRecord:
        return _record(__name__, logging.WARNING, "%s: %d earlier lines could not be written", self._where, self._lost)

    def _patience(self) -> float:
        return PATIENCE_SECONDS if time.monotonic() - self._failed_at > QUIET_SECONDS else 0.0

    def _fail(self, error: OSError) -> None:
        if not self._lost and time.monotonic() - self._failed_at > QUIET_SECONDS:
            complaint = (
                f"{self._where}: log lines cannot be written ({error.strerror or error}); they are being counted\n"
            )
            with suppress(OSError):
                Room(_STDERR).wait(0.0)
                os.write(_STDERR, complaint.encode(errors="backslashreplace"))
        self._lost += 1
        self._failed_at = time.monotonic()


class Room:
    """Tells when a descriptor takes up to 4 KiB (PIPE_BUF) without blocking; for one thread at a time."""

    def __init__(self, descriptor: int) -> None:
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def wait(self, patience: float) -> None:
        """Return when there is room; `TimeoutError` after `patience` seconds."""
        if not self._poll.poll(patience * 1000):
            raise TimeoutError("nobody reads them")


class Alone:
    """Keeps other processes from writing meanwhile: a pipe takes 4 KiB at once, and a traceback is often longer."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> None:
        with suppress(OSError):  # not every system can lock a pipe
            # A device is everybody's: who has locked /dev/null, and Docker's daemon has, would stop us for ever.
            if not stat.S_ISCHR(os.fstat(self._descriptor).st_mode):
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)


def _record(logger: str, level: int, message: str, *args: object) -> logging.LogRecord:
    return logging.getLogRecordFactory()(logger, level, __file__, 0, message, args, None)
