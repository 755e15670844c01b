"""Lines on standard output, whole however many processes share it; a reader that stops reading stops nobody here."""

import os
import select

from app.core.observability.outputs.output import Output, alone, await_room

_STDOUT = 1


class StandardOutput(Output):
    """Writes to the pipe, socket or file that the process was given as standard output."""

    def __init__(self) -> None:
        super().__init__("standard output")
        self._cut = False

    def write(self, line: str, level: int, patience: float) -> None:  # noqa: ARG002  a line has its level in it
        """Write one line in pieces that cannot block, while no other process of ours writes."""
        text = f"\n{line}\n" if self._cut else f"{line}\n"
        rest = memoryview(text.encode(errors="backslashreplace"))
        await_room(_STDOUT, patience)  # before the lock: all processes wait at once, not one after the other
        with alone(_STDOUT):
            while rest:
                await_room(_STDOUT, patience)
                rest = rest[os.write(_STDOUT, rest[: select.PIPE_BUF]) :]
                self._cut = bool(rest)
