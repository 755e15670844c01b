"""`python -m devtools.removal [PART...] [PART="A B"] [FORCE=1] [DRY_RUN=1]`, as `make remove` calls it."""

import sys

from devtools.removal.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
