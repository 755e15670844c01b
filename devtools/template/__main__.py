"""`make rename NAME=order-desk` gives this very tree another name, and commits nothing."""

import sys
from collections.abc import Sequence

from devtools import DevelopmentError
from devtools.project import words
from devtools.project.git import refuse_uncommitted
from devtools.removal import PROJECT
from devtools.template.names import Name, named
from devtools.template.renaming import Change, changes, formatted, present_name, rename


def main(arguments: Sequence[str]) -> int:
    """Rename, or say what that would change; return an exit status."""
    try:
        said = words.read(arguments, "NAME", "TITLE", "FORCE", "DRY_RUN")
        present = present_name(PROJECT)
        new = wanted(said["NAME"], said["TITLE"], present)
        dry, forced = words.yes(said, "DRY_RUN"), words.yes(said, "FORCE")
        if dry:
            show(list(changes(PROJECT, present, new)), "would be")
        if not forced:
            refuse_uncommitted(PROJECT, hint=", or add FORCE=1")
        if dry:
            return 0
        show(rename(PROJECT, present, new), "was")
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1
    print(f"\nThis is {new.title} now. Look at it (git diff), then:")
    print("  make check" if formatted(PROJECT, []) else "  make format check")
    print("  make clean-data      # the development database has the former name")
    print("  make screenshots     # pictures are not rewritten")
    print("  make remove PART=template, unless services are going to be made of this tree")
    print("and put your own into LICENSE, CHANGELOG.md, and the examples at example.org.")
    return 0


def wanted(name: str, title: str, present: Name) -> Name:
    """Return the name that is asked for; raises `DevelopmentError` when it cannot be one, or none was said."""
    if not name:
        raise DevelopmentError("say the name: make rename NAME=order-desk")
    if present.hyphened in name:
        raise DevelopmentError(f"{name!r} has the present name {present.hyphened!r} in it: there would be no way back")
    return named(name, title)


def show(made: Sequence[Change], when: str) -> None:
    """Print which files a new name changes."""
    for change in made:
        if change.target != change.path:
            print(f"{change.path} {when} moved to {change.target}")
        else:
            print(f"{change.path} {when} edited")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
