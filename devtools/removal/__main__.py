"""`python -m devtools.removal [--force] [--dry-run] [PART...]`."""

import sys

from devtools.removal.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
