"""`python -m devtools.postgres FOLDER` keeps the PostgreSQL of a state folder; `devtools.keeping.use` starts it."""

import sys

from devtools.keeping import keeper
from devtools.postgres.cluster import ENGINE

if __name__ == "__main__":
    sys.exit(keeper.main(ENGINE, sys.argv[1:]))
