"""`python3 -m devtools.clean` stops the development servers and removes the running state, `.dev` by default.

Standard library only: it also runs where the virtual environment is gone already.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from devtools import DevelopmentError, locks
from devtools.keeping import home, state

STATE = ".dev"


def clean(folder: Path) -> None:
    """Stop every server that has its state below `folder`; remove `folder` and its data elsewhere."""
    folder = folder.resolve()
    for lock in sorted(folder.glob(f"*/{state.KEEPER}")):
        _remove_server(lock.parent)
    if folder.exists():
        shutil.rmtree(folder)
        print(f"removed {folder}")


def _remove_server(folder: Path) -> None:
    while (keeper := locks.acquire_now(folder / state.KEEPER)) is None:
        state.stop(folder)
        time.sleep(0.02)
    # No keeper any more, and as long as we hold its lock no other.
    state.stop(folder)
    state.withdraw(folder)
    home.remove(folder)
    os.close(keeper)


def main(arguments: list[str]) -> int:
    """Clean the folder that is named, or the default; return an exit status."""
    folder = Path(arguments[0] if arguments else STATE)
    try:
        clean(folder)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"devtools: {error.filename} belongs to another user: clean as root", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
