"""The account that runs a server: oneself, or `nobody` in place of root, as whom PostgreSQL refuses to run."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from devtools import DevelopmentError

STAND_IN = "nobody"


class Identity(TypedDict):
    """The arguments of `subprocess` that make a child run as an account."""

    user: int
    group: int
    extra_groups: list[int] | None


@dataclass(frozen=True)
class Account:
    """A user of the system; its name is for messages."""

    name: str
    identity: Identity

    def may_enter(self, folder: Path) -> bool:
        """Tell whether the account can reach and enter the folder."""
        # Asked of the kernel, which also knows about parent directories, groups and access lists.
        command = ["/bin/sh", "-c", 'test -x "$0"', str(folder)]
        return subprocess.run(command, cwd="/", check=False, **self.identity).returncode == 0


def of_server() -> Account:
    """Return the account for a server of this process; raise DevelopmentError if there is none."""
    if os.geteuid() != 0:
        identity = Identity(user=os.geteuid(), group=os.getegid(), extra_groups=None)
        return Account(name_of(os.geteuid()), identity)
    try:
        entry = pwd.getpwnam(STAND_IN)
    except KeyError as error:
        raise DevelopmentError(
            f"servers are not run as root here, and there is no user {STAND_IN}: run this as a normal user"
        ) from error
    return Account(STAND_IN, Identity(user=entry.pw_uid, group=entry.pw_gid, extra_groups=[]))


def name_of(uid: int) -> str:
    """Return how a message calls the user."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # usual in containers
        return f"number {uid}"
