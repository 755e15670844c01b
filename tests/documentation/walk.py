"""A page that is followed as a reader would: its files are written, its commands run, what it shows is compared."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 900
ELSEWHERE = "on the server"
APART = "in a terminal of its own"

_BLOCK = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its title if it has one, and what is in it."""

    kind: str
    title: str | None
    text: str


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page that say what they are, in their order."""
    return [Block(**match.groupdict()) for match in _BLOCK.finditer(page)]


class Reader:
    """Somebody in a checkout who does what the page says; at most one program runs in the other terminal."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self._folder, self._environ = folder, environ
        self._apart: subprocess.Popen[str] | None = None

    def follow(self, block: Block) -> None:
        """Do what a block says; raises `AssertionError` with what was seen if it does not come out as written."""
        if block.title == APART:
            self.stop()
            self._start(block.text)
        elif block.kind == "sh":
            self._run(block.text, "-euo", "pipefail")
        elif block.kind == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
                self._compare(command, shown)
        else:
            path = self._folder / str(block.title)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)

    def stop(self) -> None:
        """Stop what runs in the other terminal, as Ctrl-C does."""
        if self._apart:
            os.killpg(self._apart.pid, signal.SIGINT)
            self._apart.wait(PATIENCE_SECONDS)
            self._apart = None

    def _start(self, script: str) -> None:
        log = self._folder / ".dev" / "apart.log"
        command = ["bash", "-ec", script]
        with log.open("w") as written:
            self._apart = subprocess.Popen(
                command, cwd=self._folder, env=self._environ, stdout=written, stderr=written, text=True, process_group=0
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "Listening at" not in (said := log.read_text()):
            assert self._apart.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def _run(self, script: str, *options: str) -> str:
        done = subprocess.run(
            ["bash", *options, "-c", script],
            cwd=self._folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}"
        return done.stdout

    def _compare(self, command: str, shown: str) -> None:
        seen = self._run(command)
        pattern = re.escape(shown.rstrip("\n")).replace("…", r"[\s\S]*")
        assert re.fullmatch(pattern, seen.rstrip("\n")), f"$ {command}\nwritten:\n{shown}\nseen:\n{seen}"
