"""Figures of now beside those that were stored, with generous room: it is told, and decides nothing."""

from collections.abc import Iterator, Mapping

from bench.measuring.rounds import Spread

ROOM = 0.3
RATIOS = ("in process", "one row by its key", "list of 20")


def lines(now: Mapping[str, Spread], stored: Mapping[str, Spread]) -> Iterator[str]:
    """Yield a line for each ratio of now."""
    for name in filter(now.__contains__, RATIOS):
        if name not in stored:
            yield f"{name}: {now[name].median:.2f}; none is stored"
            continue
        new, old = now[name].median, stored[name].median
        within = "yes" if abs(new / old - 1) <= ROOM else "no"
        yield f"{name}: {new:.2f}; stored {old:.2f}; within {ROOM:.0%}: {within}"
