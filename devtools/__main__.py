"""`python -m devtools COMMAND [ARGS...]` runs COMMAND in the development environment; its status is ours."""

import os
import signal
import sys
from pathlib import Path

from devtools import DevelopmentError, command, environment, lifeline

USAGE = "usage: python -m devtools COMMAND [ARGS...]"
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Return the command's exit status, or ours: 1 for a message, 2 for the usage."""
    if not arguments:
        print(USAGE, file=sys.stderr)
        return 2
    lifeline.tie_myself(signal.SIGTERM)
    try:
        with environment.development(Path.cwd(), os.environ) as environ:
            return command.run(arguments, environ)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
