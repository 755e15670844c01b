"""What a request costs inside the application, without a server: bare Flask, our stack by pieces and whole, others."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

from bench.apps.pieces import PIECES
from bench.measuring.rounds import Spread, ratios, spread
from bench.reporting.findings import Findings, Table
from bench.running.place import Place
from bench.sections.contenders import BARE, OUR_HEADERS, WHOLE, Contender, bare, measure, whole
from bench.sections.options import Options

TITLE = "In the process"
NOTE = (
    "Processor time of one WSGI call of `GET /v1/ping`; each application in a process of its own, in turns. Ours as in"
    " production behind one proxy: access lines into a pipe that is emptied 50 times a second, counts in files, Redis"
    " connected. Each piece is added to those above it. The usual arrangement: Talisman, exporter, ProxyFix, limiter"
    " and JSON log of these libraries by their own defaults."
)
USUAL = "usual arrangement, counting in memory"


def run(place: Place, options: Options) -> Findings:
    """Measure all contenders."""
    chosen = dict(contenders(place))
    if options.ratios_only:
        chosen = {name: chosen[name] for name in (BARE, WHOLE)}
    found = measure(chosen, place, options)
    table = Table(TITLE, NOTE, ["application", "µs", "times bare", "quartiles"])
    for name, values in found.items():
        ratio = ratios(values, found[BARE])
        table.rows.append([name, spread(values).median, ratio.median, between(ratio)])
    return Findings([table], {"in process": ratios(found[WHOLE], found[BARE])})


def contenders(place: Place) -> Iterator[tuple[str, Contender]]:
    """Yield name and contender, in the order of the table."""
    yield "raw WSGI", Contender("bench.apps.raw:app", place.bare())
    yield BARE, bare(place)
    for number, name in enumerate(PIECES, 1):
        environ = place.service(**place.metric_files(), BENCH_PIECES=str(number))
        yield f"+ {name}", Contender("bench.apps.partial:app", environ)
    yield WHOLE, whole(place)
    yield "ours, without access lines", whole(place, LOG_LEVEL="WARNING")
    yield "ours, each line wakes its reader", replace(whole(place), awaited=True)
    yield (
        "ours, each request counted in Redis",
        replace(whole(place, RATE_LIMIT="9999999/second"), headers=OUR_HEADERS | {"RateLimit"}),
    )
    if find_spec("bench.apps.usual"):
        yield USUAL, Contender("bench.apps.usual:app", place.bare(**place.metric_files()))


def between(ratio: Spread) -> str:
    """Return the quartiles for a table."""
    return f"{ratio.low:.2f} to {ratio.high:.2f}"
