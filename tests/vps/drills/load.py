"""Visitors of the service for as long as a block lasts, and an account of every request they sent."""

import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise

from tests.conftest import PROJECT
from tests.vps.service import DOMAIN

GENEROUS_SECONDS = 120


class Load:
    """What the visitors saw, complete when the block has ended. Times are of the clock, in seconds."""

    def __init__(self, service, run, count):
        self._service, self._run, self._count = service, run, count
        self.seen = {}

    @property
    def requests(self):
        return len(self.seen["answers"]) + len(self.seen["failures"])

    @property
    def failures(self):
        """Each request that failed: when it was sent and over, what it was, and what happened."""
        return [Failure(*failure) for failure in self.seen["failures"]]

    @property
    def releases(self):
        """The names of the releases that answered, in the order in which they were first seen."""
        return [name for name, _ in sorted(self.seen["releases"].items(), key=lambda item: item[1])]

    def reach(self, requests):
        """Wait until visitors have sent so many requests."""
        deadline = time.monotonic() + GENEROUS_SECONDS + requests
        while not self._count.exists() or int(self._count.read_text()) < requests:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def longest_silence(self):
        """Return for how many seconds at most nobody got an answer."""
        moments = sorted(ended for _, ended in self.seen["answers"])
        return max((later - earlier for earlier, later in pairwise(moments)), default=0)

    def account_of_writes(self):
        """Return how many notes were acknowledged, missing of those, stored twice, and stored unacknowledged."""
        rows = self._service.sql(f"SELECT title FROM notes WHERE title LIKE '{self._run}-%'")
        stored, acknowledged = Counter(rows), set(self.seen["acknowledged"])
        return {
            "acknowledged": len(acknowledged),
            "missing": len(acknowledged - set(stored)),
            "twice": sum(count > 1 for count in stored.values()),
            "unacknowledged": len(set(stored) - acknowledged),
        }

    def __str__(self):
        times = sorted(ended - began for began, ended in self.seen["answers"]) or [0]
        at = [f"{1000 * times[int(len(times) * share)]:.0f}" for share in (0.5, 0.99)]
        kinds = Counter(failure.what for failure in self.failures)
        said = [
            f"{len(self.failures)} failed of {self.requests} requests",
            f"50% in {at[0]} ms, 99% in {at[1]}, all in {1000 * times[-1]:.0f}",
            f"longest silence {self.longest_silence():.2f} s",
            f"{self.seen['reopened']} connections reopened",
            f"writes {self.account_of_writes()}",
        ]
        return "; ".join(said) + "".join(f"\n  {count} x {what}" for what, count in kinds.most_common(10))


class Failure:
    """One request that did not get the answer it should have."""

    def __init__(self, began, ended, request, what):
        self.began, self.ended, self.request, self.what = began, ended, request, what

    def __repr__(self):
        began = datetime.fromtimestamp(self.began, UTC).strftime("%H:%M:%S.%f")
        return f"{began} for {self.ended - self.began:.3f} s, {self.request}: {self.what}"


@contextmanager
def visited(service, folder, *, visitors=40, per_second=200, port=443):
    """Have so many visitors send so many requests a second, all together, until the block ends."""
    run = f"load-{secrets.token_hex(4)}"
    plan = {
        "run": run,
        "address": service.machine.address,
        "port": port,
        "host": DOMAIN,
        "certificate": service.certificate(),
        "sources": [service.machine.cable.client(number) for number in range(visitors)],
        "visitors": visitors,
        "per_second": per_second,
        "seen": str(folder / f"{run}.json"),
        "count": str(folder / f"{run}.count"),
    }
    (folder / f"{run}.plan").write_text(json.dumps(plan))
    command = [sys.executable, "-m", "tests.vps.drills.visitors", folder / f"{run}.plan"]
    load = Load(service, run, folder / f"{run}.count")
    with subprocess.Popen(command, cwd=PROJECT) as process:
        try:
            load.reach(visitors)
            yield load
        finally:
            process.terminate()
            process.wait(GENEROUS_SECONDS)
    load.seen = json.loads((folder / f"{run}.json").read_text())
