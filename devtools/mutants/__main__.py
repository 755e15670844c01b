"""`python -m devtools.mutants [NAME...]` plants these defects, or all, and says which tests noticed.

Exit status 1 if nobody noticed one of them, or if the tests fail without any; the tree itself is not touched.
"""

import signal
import sys
import tempfile
from pathlib import Path

from devtools import DevelopmentError
from devtools.mutants import defects
from devtools.mutants.trying import Copy

PROJECT = Path(__file__).parents[2]


def main(names: list[str]) -> int:
    """Try each; return an exit status."""
    try:
        chosen = _chosen(names)
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            copy = Copy(PROJECT, Path(folder))
            copy.expect_green(chosen)
            unnoticed = [defect.name for defect in chosen if not _try(copy, defect)]
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    print(f"\n{len(chosen)} planted, {len(chosen) - len(unnoticed)} noticed.")
    return 1 if unnoticed else 0


def _chosen(names: list[str]) -> list[defects.Defect]:
    known = {defect.name: defect for defect in defects.read(PROJECT)}
    if strangers := set(names) - set(known):
        raise DevelopmentError(f"no such defect: {', '.join(sorted(strangers))}; there are {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())


def _try(copy: Copy, defect: defects.Defect) -> bool:
    noticed = copy.noticed(defect)
    print(f"| {defect.name} | {defect.what} | {noticed or '**nobody**'} |", flush=True)
    return bool(noticed)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended too
    sys.exit(main(sys.argv[1:]))
