"""What a request costs under Gunicorn behind Nginx: time of the processors, how many a second, how long one takes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from bench.measuring import trees, wrk
from bench.measuring.rounds import ratios, spread, take_turns
from bench.measuring.wrk import Load
from bench.reporting.findings import Findings, Table
from bench.running import gunicorn, nginx, programs
from bench.running.gunicorn import Gunicorn, Served
from bench.running.nginx import Nginx
from bench.running.place import Place
from bench.sections.contenders import BARE, PING, WHOLE, check_pong
from bench.sections.inprocess import USUAL, between
from bench.sections.options import QUICK, Options

SHARE = 0.7  # of what a contender can do at most
CONNECTIONS = 32
TITLE = "Under Gunicorn, behind Nginx"
NOTE = (
    "`GET /v1/ping` by wrk through a real Nginx and a Unix socket, connections kept open; wrk and Nginx use the same"
    " processors. Processor time is that of Gunicorn's master and workers; Nginx's is beside it. Latencies are at about"
    " 70 % of what this contender can do: sent at fixed points in time by wrk, which, unlike wrk2, does not count the"
    " wait for a free connection. Where nothing else is said, the settings are those of `gunicorn.conf.py`, its hooks"
    " included."
)
COLUMNS = [
    "contender",
    "µs a request",
    "times bare",
    "quartiles",
    "Nginx, µs",
    "requests/s at most",
    "load, requests/s",
    "p50, ms",
    "p95, ms",
    "p99, ms",
    "failed",
]


@dataclass(frozen=True)
class Cost:
    """A load, and the microseconds that a request of it took of the servers."""

    load: Load
    gunicorn: float
    nginx: float


def run(place: Place, options: Options) -> Findings:
    """Measure all contenders, which run beside each other and are asked in turns."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(gunicorn.serving(name, one, place)) for name, one in peers(place)}
        front = stack.enter_context(nginx.before(list(servers.values()), place.folder))
        for name in servers:
            check_pong(name, front.answer(name, PING))
        _turns(servers, front, QUICK, dict.fromkeys(servers))  # warms all of them up
        full = _turns(servers, front, options, dict.fromkeys(servers))
        rates = {name: SHARE * spread(cost.load.per_second for cost in full[name]).median for name in servers}
        fixed = _turns(servers, front, options, rates)
    table = Table(TITLE, NOTE, COLUMNS)
    table.rows += [_row(name, full, fixed) for name in servers]
    return Findings([table], {"served": ratios(_microseconds(full[WHOLE]), _microseconds(full[BARE]))})


def peers(place: Place) -> Iterator[tuple[str, Served]]:
    """Yield name and contender, in the order of the table."""
    yield "raw WSGI", Served("bench.apps.raw:app", place.service())
    yield BARE, Served("bench.apps.bare:app", place.service())
    yield WHOLE, Served("wsgi:app", place.service())
    if find_spec("bench.apps.usual"):
        yield USUAL, Served("bench.apps.usual:app", place.service())
    yield (
        "bare Flask, 4 sync workers, access log",
        Served("bench.apps.bare:app", place.bare(), "bench/peers/four_sync.py"),
    )
    if find_spec("gevent"):
        yield (
            "bare Flask, 1 gevent worker, access log",
            Served("bench.apps.bare:app", place.bare(), "bench/peers/one_gevent.py"),
        )
    yield (
        "bare Flask, 2n+1 sync workers, access log",
        Served("bench.apps.bare:app", place.bare(), "bench/peers/twice_plus_one.py"),
    )


def _turns(
    servers: dict[str, Gunicorn], front: Nginx, options: Options, rates: dict[str, float | None] | dict[str, float]
) -> dict[str, list[Cost]]:
    measures = {name: partial(_cost, server, front, options, rates[name]) for name, server in servers.items()}
    return take_turns(measures, options.load_rounds)


def _cost(server: Gunicorn, front: Nginx, options: Options, rate: float | None) -> Cost:
    """Drive one contender, and return what it took; the others are idle meanwhile."""
    before = trees.cpu_seconds(server.pid), trees.cpu_seconds(front.pid)
    load = wrk.load(
        programs.find("wrk"),
        front.url(server.name, PING),
        seconds=options.load_seconds,
        connections=CONNECTIONS,
        rate=rate,
    )
    after = trees.cpu_seconds(server.pid), trees.cpu_seconds(front.pid)
    wrk.accepted(load, server.name)
    own, fronts = ((late - early) / load.requests * 1e6 for early, late in zip(before, after, strict=True))
    return Cost(load, own, fronts)


def _row(name: str, full: dict[str, list[Cost]], fixed: dict[str, list[Cost]]) -> list[str | float | None]:
    ratio = ratios(_microseconds(full[name]), _microseconds(full[BARE]))
    loads = [cost.load for cost in fixed[name]]
    return [
        name,
        spread(_microseconds(full[name])).median,
        ratio.median,
        between(ratio),
        spread(cost.nginx for cost in full[name]).median,
        spread(cost.load.per_second for cost in full[name]).median,
        spread(load.per_second for load in loads).median,
        *(spread(getattr(load, name) for load in loads).median for name in ("p50", "p95", "p99")),
        float(sum(cost.load.errors for cost in [*full[name], *fixed[name]])),
    ]


def _microseconds(costs: list[Cost]) -> list[float]:
    return [cost.gunicorn for cost in costs]
