"""`python -m devtools.together COMMAND...` runs commands beside each other, as one: when one ends, so do all.

Each argument is a command with its own arguments: `python -m devtools.together gunicorn 'flask jobs worker'`.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from devtools import DevelopmentError, lifeline

USAGE = "usage: python -m devtools.together COMMAND..."


class Together:
    """Commands that run in the foreground, each with this process's input and output."""

    def __init__(self) -> None:
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._commands: dict[int, str] = {}
        self._ending = False

    def run(self, commands: Sequence[str]) -> int:
        """Run them to their end; return 0 if all have ended well because they were asked to."""
        self._listen()
        try:
            for command in commands:
                self._start(command)
        except DevelopmentError:
            self._end_all()
            self._wait()
            raise
        return self._wait()

    def _start(self, command: str) -> None:
        arguments = shlex.split(command)
        try:
            child = subprocess.Popen(arguments, preexec_fn=lifeline.tie(signal.SIGTERM))  # noqa: PLW1509  there is one thread
        except OSError as error:
            raise DevelopmentError(f"cannot run {arguments[0]}: {error.strerror}") from error
        self._running[child.pid], self._commands[child.pid] = child, command
        if self._ending:  # asked in the moment in which it was not noted yet
            child.terminate()

    def _wait(self) -> int:
        result = 0
        while self._running:
            pid, raw = os.wait()
            child = self._running.pop(pid, None)
            if child is None:
                continue
            child.returncode = os.waitstatus_to_exitcode(raw)
            status = child.returncode if child.returncode >= 0 else 128 - child.returncode  # as a shell has it
            result = result or status
            if not self._ending:
                print(f"devtools: {self._commands[pid]} has ended by itself, status {status}", file=sys.stderr)
                result = result or 1
                self._end_all()
        return result

    def _listen(self) -> None:
        # The terminal sends Ctrl-C to all of them: a second signal would have a worker give up the job it finishes.
        signal.signal(signal.SIGINT, lambda *_: setattr(self, "_ending", True))
        signal.signal(signal.SIGTERM, self._end_all)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` asked for
            signal.signal(signal.SIGHUP, self._end_all)

    def _end_all(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        if not self._ending:
            self._ending = True
            for child in self._running.values():
                child.terminate()


def main(commands: list[str]) -> int:
    """Return the first status that is not 0, or ours: 1 for a message, 2 for the usage."""
    if not commands:
        print(USAGE, file=sys.stderr)
        return 2
    lifeline.tie_myself(signal.SIGTERM)
    try:
        return Together().run(commands)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
