"""Rounds in which contenders take turns, so that what the machine does besides hits all of them alike."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, and the quartiles around it."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Return median and quartiles; of a single value all three are that value."""
    known = sorted(values)
    if len(known) == 1:
        return Spread(known[0], known[0], known[0])
    low, median, high = statistics.quantiles(known, n=4, method="inclusive")
    return Spread(median, low, high)


def ratios(values: Iterable[float], base: Iterable[float]) -> Spread:
    """Return how many times `base` the values are, round by round."""
    return spread(value / one for value, one in zip(values, base, strict=True))


def differences(values: Iterable[float], base: Iterable[float]) -> Spread:
    """Return by how much the values exceed `base`, round by round."""
    return spread(value - one for value, one in zip(values, base, strict=True))


def take_turns(measures: Mapping[str, Callable[[], Measured]], rounds: int) -> dict[str, list[Measured]]:
    """Call all measures once in each round, and return what each has found; every other round goes backwards."""
    found: dict[str, list[Measured]] = {name: [] for name in measures}
    for number in range(rounds):
        order = list(measures) if number % 2 == 0 else list(measures)[::-1]
        for name in order:
            found[name].append(measures[name]())
    return found
