"""`python -m devtools.valkey FOLDER` keeps the Valkey of a state folder; `devtools.keeping.use` starts it."""

import sys

from devtools.keeping import keeper
from devtools.valkey.instance import ENGINE

if __name__ == "__main__":
    sys.exit(keeper.main(ENGINE, sys.argv[1:]))
