"""How much memory four workers and their master take."""

import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

from bench import BenchmarkError
from bench.measuring import trees
from bench.measuring.rounds import spread
from bench.reporting.findings import Findings, Table
from bench.running import gunicorn
from bench.running.gunicorn import Gunicorn, Served
from bench.running.place import Place
from bench.running.waiting import until
from bench.sections.inprocess import USUAL
from bench.sections.options import Options

WORKERS = 4
SETTLING_SECONDS = 1.0  # for what a worker does before it accepts
VISITS = 40  # of each address: every worker has answered each of them then, in all likelihood
ADDRESSES = ("/", "/v1/ping", "/openapi.json", "/docs", "/readyz", "/nothing/there", "/static/app.css")
TITLE = "Memory"
NOTE = (
    f"Proportional set size of Gunicorn's {WORKERS} workers and of its master, in a server of its own: when all are"
    f" ready, and after {VISITS} visits to each address. Pages that other programs share with it count in part. Bare"
    " Flask under `gunicorn.conf.py` has our modules in its memory, because that file imports them."
)
COLUMNS = ["contender", "workers, ready, MiB", "master", "workers, after visits, MiB", "master"]
FULL = "ours: database, metrics, Redis"


def run(place: Place, _options: Options) -> Findings:
    """Measure all contenders, one after the other."""
    table = Table(TITLE, NOTE, COLUMNS)
    figures = {}
    for name, one in peers(place):
        four = replace(one, environ={**one.environ, "WEB_CONCURRENCY": str(WORKERS)})
        with gunicorn.serving(name, four, place, ["--workers", str(WORKERS)]) as server:
            ready = _when_ready(server)
            visited = _after_visits(server, ADDRESSES if one.application == "wsgi:app" else ("/v1/ping",))
        table.rows.append([name, *ready, *visited])
        if name == FULL:
            figures["memory"] = spread(ready[:1])
    return Findings([table], figures)


def peers(place: Place) -> Iterator[tuple[str, Served]]:
    """Yield name and contender, in the order of the table."""
    yield "bare Flask", Served("bench.apps.bare:app", place.service())
    yield "ours, core: database and metrics", Served("wsgi:app", place.core())
    yield FULL, Served("wsgi:app", place.service())
    yield "ours, everything: Sentry too", Served("wsgi:app", place.everything())
    if find_spec("bench.apps.usual"):
        yield USUAL, Served("bench.apps.usual:app", place.service())
    yield (
        "bare Flask, sync workers without preload",
        Served("bench.apps.bare:app", place.bare(), "bench/peers/four_sync.py"),
    )


def _when_ready(server: Gunicorn) -> list[float]:
    """Return the MiB of all workers, and of the master."""
    until(lambda: len(trees.tree(server.pid)) == WORKERS + 1, f"{server.name} has not started {WORKERS} workers")
    time.sleep(SETTLING_SECONDS)
    return _mib(server)


def _after_visits(server: Gunicorn, addresses: tuple[str, ...]) -> list[float]:
    for address in addresses * VISITS:
        if not 200 <= server.get(address)[0] < 500:  # noqa: PLR2004  statuses that were meant
            raise BenchmarkError(f"{server.name} does not answer {address}")
    return _mib(server)


def _mib(server: Gunicorn) -> list[float]:
    master, *workers = trees.tree(server.pid)
    return [sum(map(trees.own_pss_mib, workers)), trees.own_pss_mib(master)]
