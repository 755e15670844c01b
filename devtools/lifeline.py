"""A child that does not outlive its parent, even when the parent is killed with -9."""

import ctypes
import os
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h; see prctl(2)


def tie(signum: int) -> Callable[[], None] | None:
    """Return a `preexec_fn` that has the kernel send `signum` to the child when its parent is gone.

    Only Linux can do this. Elsewhere the answer is None, and the child of a killed parent lives on.
    The thread that starts the child must live as long as the process: the kernel watches the thread.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signum)
        if os.getppid() != parent:  # it died before the kernel knew of the wish
            os._exit(128 + signum)

    return ask


def tie_myself(signum: int) -> None:
    """Have the kernel send `signum` to this process when its parent is gone, such as a make that was killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)
