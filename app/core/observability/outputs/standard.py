"""Lines on standard output, whole however many processes share it; a reader that stops reading stops nobody here."""

import os
import select
import stat
from contextlib import suppress

from app.core.observability.outputs.brisk import BriskPipe
from app.core.observability.outputs.output import Alone, Output, Room

_STDOUT = 1


class StandardOutput(Output):
    """Writes to the pipe, socket or file that the process was given as standard output."""

    def __init__(self) -> None:
        super().__init__("standard output")
        self._cut = self._is_pipe = False
        self._room, self._alone, self._pipe = Room(_STDOUT), Alone(_STDOUT), BriskPipe(_STDOUT)
        with suppress(OSError):  # it may be closed
            self._is_pipe = stat.S_ISFIFO(os.fstat(_STDOUT).st_mode)

    def write(self, line: str, level: int, patience: float) -> None:  # noqa: ARG002  a line has its level in it
        """Write one line in pieces that cannot block, while no other process of ours writes."""
        text = f"\n{line}\n" if self._cut else f"{line}\n"
        data = text.encode(errors="backslashreplace")
        if len(data) <= select.PIPE_BUF and self._is_pipe and self._pipe.write(data):  # nearly always
            self._cut = False
        else:
            self._room.wait(patience)  # before the lock: all processes wait at once, not one after the other
            with self._alone:
                self._write_pieces(memoryview(data), patience)

    def _write_pieces(self, rest: memoryview, patience: float) -> None:
        while rest:
            self._room.wait(patience)
            rest = rest[os.write(_STDOUT, rest[: select.PIPE_BUF]) :]
            self._cut = bool(rest)
