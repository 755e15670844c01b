"""One child process in the foreground: it gets the signals, and the caller gets its exit status."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

from devtools import DevelopmentError, lifeline

HANG_UP_SECONDS = 2


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command to its end; return its status as a shell would (128 + n for signal n).

    Ctrl-C is not forwarded: the terminal sends it to the whole foreground group, the command included.
    If this process is killed, the command is asked to end too (Linux only; see `lifeline`).
    """
    child: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(signum: int, _frame: FrameType | None) -> None:
        if child is None:
            early.append(signum)
        else:
            _pass_on(child, signum)

    _listen(forward)
    try:
        tie = lifeline.tie(signal.SIGTERM)
        child = subprocess.Popen(arguments, env=environ, preexec_fn=tie)  # noqa: PLW1509  there is one thread
    except OSError as error:
        raise DevelopmentError(f"cannot run {arguments[0]}: {error.strerror}") from error
    for signum in early:
        _pass_on(child, signum)
    status = child.wait()
    return status if status >= 0 else 128 - status


def _listen(forward: Callable[[int, FrameType | None], None]) -> None:
    # A function, not SIG_IGN: what is ignored stays ignored in the child.
    signal.signal(signal.SIGINT, lambda _signum, _frame: None)
    signal.signal(signal.SIGTERM, forward)
    signal.signal(signal.SIGALRM, forward)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` asked for
        signal.signal(signal.SIGHUP, forward)


def _pass_on(child: subprocess.Popen[bytes], signum: int) -> None:
    child.send_signal(signal.SIGTERM if signum == signal.SIGALRM else signum)
    if signum == signal.SIGHUP:
        # Gunicorn takes a hang-up for a reload, and would outlive its terminal if nothing followed.
        signal.alarm(HANG_UP_SECONDS)
