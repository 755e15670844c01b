"""Models of workers on three loads: one that computes, one that waits, and clients that are slow on purpose."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec

from bench.apps.waiting import WAIT_SECONDS
from bench.measuring import trees, wrk
from bench.measuring.rounds import spread
from bench.measuring.trickle import trickling
from bench.measuring.wrk import Load
from bench.reporting.findings import Cell, Findings, Table
from bench.running import gunicorn, nginx, programs
from bench.running.gunicorn import Gunicorn, Served
from bench.running.nginx import Nginx
from bench.running.place import Place
from bench.sections.options import Options

THREADS = (2, 4, 8, 16)
CONNECTIONS = 64
SLOW_CLIENTS, PATIENT_CONNECTIONS = 40, 4
TITLE = "Models of workers"
NOTE = (
    "As many workers as processors, bare Flask, behind Nginx where nothing else is said. Computing: about 1 ms of"
    f" Python. Waiting: a sleep of {WAIT_SECONDS * 1000:.0f} ms in place of a dependency, {CONNECTIONS} connections."
    f" Slow clients: {SLOW_CLIENTS} that trickle the head of a request, while {PATIENT_CONNECTIONS} connections ask for"
    " `/v1/ping`; 0 is nobody answered. Memory: PSS of the tree after all that."
)
COLUMNS = [
    "model",
    "computing, requests/s",
    "p99, ms",
    "ms of CPU",
    "waiting, requests/s",
    "p99, ms",
    "µs of CPU",
    "slow clients, behind Nginx",
    "slow clients, direct",
    "MiB",
]


@dataclass
class Course:
    """What a model has done, round by round."""

    computing: list[tuple[Load, float]] = field(default_factory=list)
    waiting: list[tuple[Load, float]] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    direct: list[float] = field(default_factory=list)
    mib: float = 0.0


def run(place: Place, options: Options) -> Findings:
    """Measure all models, one server at a time in each round."""
    courses = {name: Course() for name, _ in models()}
    for _ in range(options.load_rounds):
        for name, arguments in models():
            _follow(courses[name], name, arguments, place, options)
    table = Table(TITLE, NOTE, COLUMNS)
    table.rows += [_row(name, course) for name, course in courses.items()]
    return Findings([table])


def models() -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each model's name, and what Gunicorn must be told beside our settings."""
    yield "sync", ["--worker-class", "sync", "--threads", "1"]  # with more Gunicorn would take gthread
    for threads in THREADS:
        yield f"gthread, {threads} threads", ["--threads", str(threads)]
    if find_spec("gevent"):
        yield "gevent", ["--worker-class", "gevent"]


def _follow(course: Course, name: str, arguments: Sequence[str], place: Place, options: Options) -> None:
    with ExitStack() as stack:
        [port] = nginx.free_ports(1)
        listening = [*arguments, "-b", f"127.0.0.1:{port}"]
        server = stack.enter_context(
            gunicorn.serving(name, Served("bench.apps.waiting:app", place.service()), place, listening)
        )
        front = stack.enter_context(nginx.before([server], place.folder))
        course.computing.append(_drive(server, front, "/computes", options))
        course.waiting.append(_drive(server, front, "/waits", options))
        course.behind.append(_beside_slow_clients(front.ports[name], options))
        course.mib = trees.pss_mib(server.pid)
        course.direct.append(_beside_slow_clients(port, options))


def _drive(server: Gunicorn, front: Nginx, path: str, options: Options) -> tuple[Load, float]:
    """Return the load, and the seconds of processor time that a request of it took."""
    before = trees.cpu_seconds(server.pid)
    url = front.url(server.name, path)
    load = wrk.load(programs.find("wrk"), url, seconds=options.load_seconds, connections=CONNECTIONS)
    wrk.accepted(load, f"{server.name}, {path}")
    return load, (trees.cpu_seconds(server.pid) - before) / max(1, load.requests)


def _beside_slow_clients(port: int, options: Options) -> float:
    """Return how many requests a second are answered meanwhile."""
    with trickling(port, SLOW_CLIENTS):
        url = f"http://127.0.0.1:{port}/v1/ping"
        load = wrk.load(
            programs.find("wrk"), url, seconds=options.load_seconds, connections=PATIENT_CONNECTIONS, rate=200
        )
    return load.per_second


def _row(name: str, course: Course) -> list[Cell]:
    return [
        name,
        spread(load.per_second for load, _ in course.computing).median,
        spread(load.p99 for load, _ in course.computing).median,
        spread(cost * 1e3 for _, cost in course.computing).median,
        spread(load.per_second for load, _ in course.waiting).median,
        spread(load.p99 for load, _ in course.waiting).median,
        spread(cost * 1e6 for _, cost in course.waiting).median,
        spread(course.behind).median,
        spread(course.direct).median,
        course.mib,
    ]
