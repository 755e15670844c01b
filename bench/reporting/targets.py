"""What we want to reach, and whether we do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.measuring.rounds import Spread


@dataclass(frozen=True)
class Target:
    """A figure, in words and by the name that findings have for it, and what it may be at most."""

    measure: str
    figure: str
    limit: float
    unit: str = ""

    def text(self, value: float) -> str:
        """Return a value with its unit."""
        return f"{value:.0f} {self.unit}" if self.unit else f"{value:.2f}"

    def is_met(self, found: Spread) -> bool:
        """Return whether the median keeps to the limit, as it is shown: to the digits of the table."""
        return round(found.median, 0 if self.unit else 2) <= self.limit


TARGETS = (
    Target("in the process, JSON, times bare Flask", "in process", 1.15),
    Target("under Gunicorn behind Nginx, times bare Flask", "served", 1.10),
    Target("one row by its key, times raw psycopg", "one row by its key", 2.2),
    Target("list of 20 rows, times raw psycopg", "list of 20", 1.8),
    Target("memory of 4 workers, ready: database, metrics, Redis", "memory", 90, "MiB"),
    Target("start to the first answer, core", "start", 450, "ms"),
    Target("added by Sentry to a request that succeeds", "sentry", 25, "µs"),
    Target("one row with 10,000 notes, times that with 10", "one row, notes stored", 1.05),
    Target("list with 10,000 notes, times that with 10", "list of 5, notes stored", 1.05),
    Target("ping after 1,000 addresses, times that after 10", "ping, addresses seen", 1.05),
    Target("one row after 1,000 addresses, times that after 10", "one row, addresses seen", 1.05),
)


def judged(figures: Mapping[str, Spread]) -> Iterator[tuple[Target, Spread]]:
    """Yield each target of which there is a figure."""
    for target in TARGETS:
        if target.figure in figures:
            yield target, figures[target.figure]
