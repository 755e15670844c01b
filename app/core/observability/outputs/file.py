"""Lines in a file that many processes append to, and that logrotate may move away at any time."""

import os

from app.core.observability.outputs.output import Alone, Output


class LogFile(Output):
    """Appends each line in one write, which a local file system never mixes with another's; follows the path."""

    def __init__(self, path: str) -> None:
        super().__init__(f"LOG_FILE {path}")
        self._path = path
        self._descriptor: int | None = None

    def write(self, line: str, level: int, patience: float) -> None:  # noqa: ARG002  a disk has no patience to ask for
        """Append one line to the file that is at the path now."""
        descriptor = self._current()
        data = f"{line}\n".encode(errors="backslashreplace")
        with Alone(descriptor):
            rest = memoryview(b"\n" + data if _ends_within_a_line(descriptor) else data)
            while rest:  # a second time only when the disk is full, to learn that it is
                rest = rest[os.write(descriptor, rest) :]

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _current(self) -> int:
        if self._descriptor is None or not self._is_at_the_path(self._descriptor):
            self._let_go()
            # To be read as well, for the last byte of what is there.
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        return self._descriptor

    def _is_at_the_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(descriptor))  # noqa: PTH116  two calls, no objects
        except FileNotFoundError:
            return False


def _ends_within_a_line(descriptor: int) -> bool:
    """Whether somebody was cut short: by a full disk, or by being killed."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
