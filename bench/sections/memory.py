"""How much memory four workers and their master take."""

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
VISITS = 40  # of each address: every worker has answered each of them then, in all likelihood
ADDRESSES = ("/", "/v1/ping", "/openapi.json", "/docs", "/readyz", "/nothing/there", "/static/app.css")
TITLE = "Memory"
NOTE = (
    f"Proportional set size of Gunicorn's master and {WORKERS} workers after {VISITS} visits to each address, in a"
    " server of its own. Pages that other programs share with it count in part; the less else of Python runs, the more."
)
FULL = "ours, everything: Redis, metrics, Sentry"


def run(place: Place, _options: Options) -> Findings:
    """Measure all contenders, one after the other."""
    table = Table(TITLE, NOTE, ["contender", "MiB", "MiB a worker"])
    figures = {}
    for name, one in peers(place):
        four = replace(one, environ={**one.environ, "WEB_CONCURRENCY": str(WORKERS)})
        with gunicorn.serving(name, four, place, ["--workers", str(WORKERS)]) as server:
            total = _after_visits(server, ADDRESSES if one.application == "wsgi:app" else ("/v1/ping",))
            workers = trees.tree(server.pid)[1:]
            each = sum(map(trees.own_pss_mib, workers)) / len(workers)
        table.rows.append([name, total, each])
        if name == FULL:
            figures["memory"] = spread([total])
    return Findings([table], figures)


def peers(place: Place) -> Iterator[tuple[str, Served]]:
    """Yield name and contender, in the order of the table."""
    yield "bare Flask", Served("bench.apps.bare:app", place.service())
    yield "ours, core: database and metrics", Served("wsgi:app", place.core())
    yield FULL, Served("wsgi:app", place.everything())
    if find_spec("bench.apps.usual"):
        yield USUAL, Served("bench.apps.usual:app", place.service())
    yield (
        "bare Flask, sync workers without preload",
        Served("bench.apps.bare:app", place.bare(), "bench/peers/four_sync.py"),
    )


def _after_visits(server: Gunicorn, addresses: tuple[str, ...]) -> float:
    until(lambda: len(trees.tree(server.pid)) == WORKERS + 1, f"{server.name} has not started {WORKERS} workers")
    for address in addresses * VISITS:
        if not 200 <= server.get(address)[0] < 500:  # noqa: PLR2004  statuses that were meant
            raise BenchmarkError(f"{server.name} does not answer {address}")
    return trees.pss_mib(server.pid)
