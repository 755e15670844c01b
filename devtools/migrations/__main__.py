"""`python -m devtools.migrations [SINCE]` refuses migrations that the release before them could not live with.

SINCE is the release that runs: a tag or a commit; without it, the newest tag `v...` before what is here.
"""

import sys
from contextlib import ExitStack
from pathlib import Path

from devtools import DevelopmentError
from devtools.migrations import checking, released

PROJECT = Path.cwd()


def main(arguments: list[str]) -> int:
    """Print what is refused; return 1 if anything is."""
    try:
        with ExitStack() as stack:
            name = arguments[0] if arguments else released.newest(PROJECT)
            release = stack.enter_context(released.unpacked(PROJECT, name)) if name else None
            found = checking.check(PROJECT / "migrations", release)
            new = checking.pending(PROJECT / "migrations", release)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    for finding in found:
        print(str(finding).replace(f"{PROJECT}/", ""))
    since = f"since {name}" if name else "and no release that it would follow"
    print(f"Migrations: {len(new)} new, {since}: {f'{len(found)} refused' if found else 'safe'}.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
