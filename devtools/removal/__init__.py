"""`make remove PART="a b"` takes optional parts out of the tree: `parts/` says what goes with each.

It edits the working tree and commits nothing: `git restore .` brings everything back. Standard library only, so it runs
where nothing is installed yet; ruff formats what was edited, where there is one.
"""

from devtools.removal.command import PROJECT, remove, remove_all
from devtools.removal.locking import relock
from devtools.removal.manifest import Part, is_there, parts

__all__ = ["PROJECT", "Part", "is_there", "parts", "relock", "remove", "remove_all"]
