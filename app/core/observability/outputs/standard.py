"""Lines on standard output, whole however many processes share it; a reader that stops reading stops nobody here."""

import os
import select
from contextlib import suppress

from app.core.observability.outputs.brisk import Brisk
from app.core.observability.outputs.output import Alone, Output, Room

_STDOUT = 1


class StandardOutput(Output):
    """Writes to the pipe, socket or file that the process was given as standard output."""

    def __init__(self) -> None:
        super().__init__("standard output")
        self._cut = False
        self._room, self._alone = Room(_STDOUT), Alone(_STDOUT)
        self._brisk: Brisk | None = None
        with suppress(OSError):  # a file, a terminal, or closed
            self._brisk = Brisk(_STDOUT)

    def write(self, line: str, level: int, patience: float) -> None:  # noqa: ARG002  a line has its level in it
        """Write one line in pieces that cannot block, while no other process of ours writes."""
        text = f"\n{line}\n" if self._cut else f"{line}\n"
        data = text.encode(errors="backslashreplace")
        if self._brisk and len(data) <= select.PIPE_BUF:
            data = data[self._brisk.write(data) :]  # nearly always that is all of it
            self._cut = self._cut and bool(data)
        if data:
            self._room.wait(patience)  # before the lock: all processes wait at once, not one after the other
            with self._alone:
                self._write_pieces(memoryview(data), patience)

    def _write_pieces(self, rest: memoryview, patience: float) -> None:
        while rest:
            self._room.wait(patience)
            rest = rest[os.write(_STDOUT, rest[: select.PIPE_BUF]) :]
            self._cut = bool(rest)
