"""The whole benchmark, in very short rounds: whether it measures what it says, not how fast anything is."""

import os

import pytest

from bench import __main__ as program
from bench.measuring.subjects import subject
from bench.reporting import guide, plot
from bench.reporting.runs import Run
from bench.reporting.targets import TARGETS
from bench.running.place import prepared
from bench.sections import contenders
from bench.sections.options import QUICK

pytestmark = pytest.mark.bench


@pytest.fixture(scope="module")
def place():
    with prepared() as place:
        yield place


@pytest.fixture(scope="module")
def found():
    """What each section has found; those that come after a failure still run."""
    return {}


def numbers(table):
    return [cell for row in table.rows for cell in row if isinstance(cell, float | int)]


@pytest.mark.parametrize("section", program.SECTIONS)
def test_a_section_yields_tables_of_figures(section, place, found):
    found[section] = program.SECTIONS[section](place, QUICK)
    for table in found[section].tables:
        assert table.note
        assert len({row[0] for row in table.rows}) > 1
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert all(abs(number) < 1e6 for number in numbers(table))
        assert numbers(table)
    assert all(figure.low <= figure.median <= figure.high for figure in found[section].figures.values())


def test_every_target_has_its_figure(found):
    figures = {name for findings in found.values() for name in findings.figures}
    assert figures <= {target.figure for target in TARGETS}
    if {"rows", "error_reports"} <= set(program.SECTIONS):
        assert figures == {target.figure for target in TARGETS}


def test_costs_are_in_an_order_that_can_be(found):
    costs = {row[0]: row[1] for row in found["inprocess"].tables[0].rows}
    assert costs["raw WSGI"] < costs["bare Flask"] < costs["ours, whole"]
    memory = {row[0]: row[1] for row in found["memory"].tables[0].rows}
    assert memory["bare Flask"] < memory["ours, core: database and metrics"]


def test_no_request_of_the_load_fails(found):
    table = found["served"].tables[0]
    failed, rate = table.columns.index("failed"), table.columns.index("requests/s at most")
    assert [row[0] for row in table.rows if row[failed]] == []
    assert all(row[rate] > 1 for row in table.rows)


def test_what_was_found_becomes_a_guide_and_a_picture(found):
    run = Run({"Python": "3"}, found)
    assert "### Models of workers" in guide.block(run)
    assert plot.svg(run).count("<rect") == len(found["served"].tables[0].rows) + len(found["inprocess"].tables[0].rows)


def test_the_service_writes_its_access_lines_while_it_is_measured(place):
    lines, log = os.pipe()
    whole = contenders.whole(place)
    with os.fdopen(lines) as reader:
        with subject("ours", whole.application, whole.environ, log) as held:
            held.answer("/v1/ping")
        os.close(log)
        assert '"url.path":"/v1/ping"' in reader.read()


def test_the_report_ends_well_however_slow_it_is(monkeypatch, capsys, tmp_path):
    Run({}, {}).write(tmp_path / "results.json")
    monkeypatch.setattr(program, "STORED", tmp_path / "results.json")
    assert program.main(["report", "--quick"]) == 0
    assert "in process: " in capsys.readouterr().out


def test_the_report_fails_on_a_wrong_answer(monkeypatch, capsys):
    monkeypatch.setattr(contenders, "PONG", {"message": "another"})
    assert program.main(["report", "--quick"]) == 1
    assert "bench: " in capsys.readouterr().err
