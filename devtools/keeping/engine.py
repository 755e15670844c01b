"""What has to be known about a kind of server in order to keep one."""

import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from devtools.keeping.place import Place


@dataclass(frozen=True)
class Engine:
    """A kind of server, such as PostgreSQL; it listens on a Unix socket and nowhere else."""

    name: str  # in messages
    module: str  # that keeps such a server when it is run as a program
    socket: str  # the name of the socket's file
    ends_on: signal.Signals  # closes all connections and ends; may come more than once
    start: Callable[[Place], subprocess.Popen[bytes]]  # makes the data first where there is none
    is_ready: Callable[[Place], bool]
