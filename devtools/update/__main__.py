"""`python -m devtools.update [TO=v1.2.0] [ANSWERS="uploads=yes"] [DRY_RUN=1]`, as `make update` calls it."""

import sys
from collections.abc import Sequence

from devtools import DevelopmentError
from devtools.project import words
from devtools.removal import PROJECT
from devtools.update.taking import Wish, update


def main(arguments: Sequence[str]) -> int:
    """Update this service and say what has changed; return an exit status."""
    try:
        said = words.read(arguments, "TO", "ANSWERS", "FROM", "TEMPLATE", "DRY_RUN")
        wish = Wish(
            said["TO"], words.answers(said["ANSWERS"]), said["FROM"], said["TEMPLATE"], words.yes(said, "DRY_RUN")
        )
        report = update(PROJECT, wish)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ndevtools: stopped; what is there of it already, `git reset --hard` takes back", file=sys.stderr)
        return 2
    print(report)
    return report.status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
