"""Where one server lives: its data, its log, and how its programs are started there."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError, lifeline
from devtools.keeping.account import Account, name_of

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}  # nothing of the user's changes the server
LOG_LINES = 12


@dataclass(frozen=True)
class Place:
    """What a server of the account finds; every process holds the lock `lock` by inheritance."""

    home: Path
    socket_dir: Path
    log: Path
    account: Account
    lock: int
    durable: bool

    @property
    def data(self) -> Path:
        """The data directory itself."""
        return self.home / "data"

    def make(self, folder: Path) -> None:
        """Make an empty folder that is the account's alone."""
        folder.mkdir(mode=0o700)
        os.chown(folder, self.account.identity["user"], self.account.identity["group"])

    def check_owner(self, name: str) -> None:
        """Raise DevelopmentError if the data is another account's."""
        owner = self.data.stat().st_uid
        if owner != self.account.identity["user"]:
            raise DevelopmentError(
                f"{self.data} belongs to {name_of(owner)}, and {name} would run as {self.account.name}:"
                " run as the user who created it, or remove the data (make clean)"
            )

    def spawn(self, ends_on: signal.Signals, program: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program in `home`, which gets the signal if the keeper is killed."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [program, *arguments],
                cwd=self.home,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[self.lock],
                preexec_fn=lifeline.tie(ends_on),  # noqa: PLW1509  the keeper has one thread so far
                **self.account.identity,
            )

    def failure(self, what: str) -> DevelopmentError:
        """Return an error that shows the end of the log."""
        end = self.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return DevelopmentError("\n  ".join([f"{what}; the end of {self.log}:", *end]))
