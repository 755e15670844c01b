"""What a row and a list from PostgreSQL cost through the API, beside raw psycopg; goes with the example, the notes."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg

from bench import BenchmarkError
from bench.measuring.rounds import Spread, ratios, spread
from bench.measuring.subjects import subject
from bench.reporting.findings import Findings, Table
from bench.running.place import Place
from bench.sections.contenders import PING, Contender, measure, whole
from bench.sections.options import Options

FEW, MANY = 10, 10_000
FEW_URLS, MANY_URLS = 10, 1_000
TITLE = "Rows of PostgreSQL"
NOTE = (
    "Processor time of one WSGI call in the process that asks, PostgreSQL's own left out. Raw psycopg: bare Flask, one"
    " open connection, autocommit, the same fields as JSON."
)
FLAT = "Nothing grows"
FLAT_NOTE = "The same requests to the same service, which differs only in what is stored or has been asked before."


def run(place: Place, options: Options) -> Findings:
    """Measure all contenders."""
    few, many = (_filled(place, name, count) for name, count in (("bench_few", FEW), ("bench_many", MANY)))
    _compare_answers(place, many)
    rows, figures = _against_psycopg(place, options, many)
    if options.ratios_only:
        return Findings([rows], figures)
    flat, flat_figures = _flatness(place, options, few, many)
    return Findings([rows, flat], figures | flat_figures)


def _against_psycopg(place: Place, options: Options, database: str) -> tuple[Table, dict[str, Spread]]:
    asked = {
        "one row by its key": [f"/v1/notes/{number}" for number in range(1, 1_000, 10)],
        "list of 20": [f"/v1/notes?limit=20&cursor={number}" for number in range(1_000, 9_000, 100)],
    }
    first_page = "first page of the list, cached in Redis"
    contenders = {}
    for name, paths in asked.items():
        contenders[f"{name}, raw psycopg"] = _raw(place, database, paths)
        contenders[f"{name}, ours"] = replace(whole(place, DATABASE_URL=database), paths=paths)
    contenders[first_page] = replace(whole(place, DATABASE_URL=database), paths=["/v1/notes?limit=20"])
    found = measure(contenders, place, options)
    table = Table(TITLE, NOTE, ["request", "raw psycopg, µs", "ours, µs", "times raw"])
    figures = {}
    for name in asked:
        raw, ours = found[f"{name}, raw psycopg"], found[f"{name}, ours"]
        figures[name] = ratios(ours, raw)
        table.rows.append([name, spread(raw).median, spread(ours).median, figures[name].median])
    table.rows.append([first_page, None, spread(found[first_page]).median, None])
    return table, figures


def _flatness(place: Place, options: Options, few: str, many: str) -> tuple[Table, dict[str, Spread]]:
    paths = {"one row": [f"/v1/notes/{number}" for number in range(1, FEW + 1)], "list of 5": _pages_of_five()}
    urls = [f"/v1/notes/{number}" for number in range(MANY - MANY_URLS // 2, MANY + MANY_URLS // 2)]
    table = Table(FLAT, FLAT_NOTE, ["request", "small", "µs", "large", "µs", "large / small"])
    figures = {}
    for name, asked in paths.items():
        pair = {
            f"{FEW} notes": replace(whole(place, DATABASE_URL=few), paths=asked),
            f"{MANY:,} notes": replace(whole(place, DATABASE_URL=many), paths=asked),
        }
        figures[f"{name}, notes stored"] = _pair(table, name, measure(pair, place, options))
    for name, asked in {"ping": [PING], "one row": paths["one row"]}.items():
        one = replace(whole(place, DATABASE_URL=many), paths=asked)
        pair = {
            f"{FEW_URLS} addresses seen": replace(one, seen=urls[:FEW_URLS]),
            f"{MANY_URLS:,} addresses seen": replace(one, seen=urls),
        }
        figures[f"{name}, addresses seen"] = _pair(table, name, measure(pair, place, options))
    return table, figures


def _pages_of_five() -> list[str]:
    return [f"/v1/notes?limit=5&cursor={number}" for number in range(6, FEW + 1)]


def _pair(table: Table, name: str, found: dict[str, list[float]]) -> Spread:
    (small, some), (large, more) = found.items()
    ratio = ratios(more, some)
    table.rows.append([name, small, spread(some).median, large, spread(more).median, ratio.median])
    return ratio


def _raw(place: Place, database: str, paths: list[str]) -> Contender:
    environ = place.bare(BENCH_DATABASE=database.replace("+psycopg", ""))
    return Contender("bench.apps.stored:app", environ, paths)


def _filled(place: Place, name: str, count: int) -> str:
    """Return the URL of a database that has so many notes."""
    database = place.database(name)
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO notes (title, body) SELECT 'Note ' || n, 'The body of note ' || n || '.'"
            " FROM generate_series(1, %s) n",
            [count],
        )
        connection.execute("VACUUM ANALYZE notes")
    return database


def _compare_answers(place: Place, database: str) -> None:
    """Raise `BenchmarkError` unless both sides answer the same."""
    ours, raw = whole(place, DATABASE_URL=database), _raw(place, database, [])
    with (
        subject("ours", ours.application, ours.environ, place.log) as one,
        subject("raw psycopg", raw.application, raw.environ, place.log) as other,
    ):
        for path in ("/v1/notes/7", "/v1/notes?limit=20&cursor=5000"):
            left, right = (json.loads(held.answer(path).body, object_hook=_as_times) for held in (one, other))
            if left != right:
                raise BenchmarkError(f"{path} is answered differently: {left} by ours, {right} by raw psycopg")


def _as_times(fields: dict[str, Any]) -> dict[str, Any]:
    """Moments may be written in more than one way."""
    return {name: datetime.fromisoformat(value) if name.endswith("_at") else value for name, value in fields.items()}
