"""Load by wrk: as much as can be had, or at a fixed rate."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench import BenchmarkError

TOLERATED = 0.01  # of the requests
SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Load:
    """What wrk has seen: answers and failures, and how long answers took, in milliseconds."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p95: float
    p99: float

    @property
    def per_second(self) -> float:
        """Return the rate of answers."""
        return self.requests / self.seconds


def load(program: Path, url: str, *, seconds: float, connections: int, rate: float | None = None) -> Load:
    """Drive `url` by one thread with so many connections, at `rate` requests a second if one is given."""
    command = [
        str(program),
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "-s",
        str(SCRIPT),
        url,
    ]
    if rate:
        command += ["--", f"{rate:.3f}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"wrk has failed at {url}: {done.stdout}{done.stderr}")
    return parse(done.stdout)


def accepted(load: Load, name: str) -> Load:
    """Return the load; raises `BenchmarkError` when it is one of failures, which are fast and mean nothing."""
    if not load.requests or load.errors > load.requests * TOLERATED:
        raise BenchmarkError(f"{name}: {load.errors} requests failed, {load.requests} were answered")
    return load


def parse(printed: str) -> Load:
    """Return what the script has printed among wrk's own lines."""
    if not (found := re.search(r"^RESULT (\{.*\})$", printed, re.MULTILINE)):
        raise BenchmarkError(f"wrk has printed no result: {printed}")
    return Load(**json.loads(found[1]))
