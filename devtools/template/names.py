"""Which names a service may have, and the forms in which its files need them."""

import re
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError

SHORTEST = 3
# A Linux user has 32 characters, and one of the service's users is called NAME_migrate.
LONGEST = 24
LONGEST_TITLE = 40
# What is here already: folders, parts of the stack, accounts and units of the machine. A service of such a name would
# meet its namesake, be it as a user (postgres), as a unit (redis) or as a package (app). copier.yml reads it too.
TAKEN = frozenset(Path(__file__).with_name("taken.txt").read_text().split())


@dataclass(frozen=True)
class Name:
    """What a service is called: `order-desk`, and "Order desk" where people read it."""

    hyphened: str
    title: str

    @property
    def underscored(self) -> str:
        """The name as an identifier: a variable of Nginx, a secret, a role of PostgreSQL."""
        return self.hyphened.replace("-", "_")

    @property
    def upper(self) -> str:
        """The name as part of a variable in the environment."""
        return self.underscored.upper()


def named(hyphened: str, title: str = "") -> Name:
    """Return the name; raises `DevelopmentError` with what is wrong with it."""
    if complaint := complaint_about(hyphened):
        raise DevelopmentError(f"{hyphened!r} cannot be a service's name: {complaint}")
    title = title or hyphened.replace("-", " ").capitalize()
    if len(title) > LONGEST_TITLE or not re.fullmatch(r"[A-Z][A-Za-z0-9]*([ -][A-Za-z0-9]+)*", title):
        raise DevelopmentError(
            f"{title!r} cannot be a title: at most {LONGEST_TITLE} letters, digits, single spaces and hyphens, and a"
            " capital first, for it is in units, YAML, JSON and the sender of mail"
        )
    return Name(hyphened, title)


def complaint_about(hyphened: str) -> str:
    """Return why this can be no service's name, or nothing."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", hyphened):
        return "lowercase letters, digits and single hyphens, a letter first, as in order-desk"
    if not SHORTEST <= len(hyphened) <= LONGEST:
        return f"{SHORTEST} to {LONGEST} characters, for NAME_migrate is a user, and users have 32"
    if hyphened in TAKEN or hyphened.startswith("systemd-"):
        return "something beside a service has it: a folder, a program, a user or a unit"
    return ""
