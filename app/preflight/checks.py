"""What a check is: a promise of a service in production, how it is looked at, and what is said when it is broken."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Any, Literal, NamedTuple

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
WARNING: Severity = "low"  # it does not fail a run


class Wrong(NamedTuple):
    """What is wrong, how to mend it, and how bad it is where that is not as bad as the check says."""

    what: str
    mend: str
    severity: Severity | None = None


class NotHereError(Exception):
    """It cannot be known from here: the reason, and how to look at it instead."""

    def __init__(self, reason: str, how: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.how = how


class NoAnswerError(Exception):
    """Something that was asked did not answer, or not in time; the text says what and how."""


Look = Callable[[Any], Iterable[Wrong]]


@dataclass(frozen=True)
class Check:
    """One promise; `look` is given what is checked, and yields what breaks the promise there."""

    name: str
    severity: Severity
    promise: str
    why: str
    look: Look


@dataclass(frozen=True)
class Finding:
    """A promise that is broken, in words for whoever has to mend it."""

    check: str
    severity: Severity
    what: str
    why: str
    mend: str


def check(name: str, severity: Severity, *, promise: str, why: str) -> Callable[[Look], Check]:
    """Declare a check; `promise` is the row of docs/preflight.md, `why` what happens where it is broken."""
    return lambda look: Check(name, severity, promise, why, look)


def checks_in(*packages: ModuleType) -> list[Check]:
    """Return the checks of all modules in these packages: one whose file is deleted is gone."""
    found = []
    for package in packages:
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            found += [each for each in vars(import_module(module.name)).values() if isinstance(each, Check)]
    return found
