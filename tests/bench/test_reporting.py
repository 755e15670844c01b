import json
from xml.etree import ElementTree as ET

import pytest

from bench.measuring.rounds import Spread
from bench.reporting import comparing, guide, plot, runs, tables
from bench.reporting.findings import Findings, Table
from bench.reporting.runs import Run
from bench.reporting.targets import TARGETS, judged
from tests.conftest import PROJECT

GUIDE = PROJECT / "docs/performance.md"
SERVED = Table(
    "Served", "How.", ["contender", "µs", "times bare"], [["bare Flask", 100.0, 1.0], ["ours & whole", 109.56, 1.1]]
)


@pytest.fixture
def run():
    figures = {"served": Spread(1.0956, 1.09, 1.102), "memory": Spread(90.6, 90.6, 90.6)}
    return Run({"Python": "3.11"}, {"served": Findings([SERVED], figures)})


def test_a_target_is_met_by_what_the_table_shows(run):
    met = {target.figure: target.is_met(found) for target, found in judged(run.figures)}
    assert met == {"served": True, "memory": False}  # 1.10 and 91 MiB


def test_a_target_that_is_not_met_is_marked(run):
    lines = tables.targets(run.figures).splitlines()
    assert lines[-2:] == [
        "| under Gunicorn behind Nginx, times bare Flask | ≤ 1.1 | 1.10 | 1.09 to 1.10 | yes |",
        "| memory of 4 workers, ready: database, metrics, Redis | ≤ 90 MiB | 91 MiB | 91 MiB to 91 MiB | **no** |",
    ]


def test_no_two_targets_speak_of_the_same_figure():
    assert len({target.figure for target in TARGETS}) == len(TARGETS)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (1.156, "1.16"),
        (15.67, "15.7"),
        (456.7, "457"),
        (12345.6, "12,346"),
        (None, ""),
        ("a", "a"),
    ],
)
def test_a_figure_has_as_many_digits_as_mean_something(value, shown):
    assert tables.number(value) == shown


def test_a_table_has_a_cell_for_each_column():
    lines = tables.markdown(SERVED).splitlines()
    assert lines[-4:] == [
        "| contender | µs | times bare |",
        "| --- | ---: | ---: |",
        "| bare Flask | 100 | 1 |",
        "| ours & whole | 110 | 1.10 |",
    ]


def test_the_guide_gets_the_block_and_keeps_what_somebody_has_written(run):
    text = f"Before.\n{guide.BEGIN}\nold\n{guide.END}\nAfter.\n"
    rewritten = guide.rewritten(text, run)
    assert rewritten.startswith("Before.\n")
    assert rewritten.endswith("\nAfter.\n")
    assert guide.between_marks(rewritten) == guide.block(run)
    assert guide.rewritten(rewritten, run) == rewritten


def test_a_run_is_read_as_it_was_written(run, tmp_path):
    run.write(tmp_path / "run.json")
    again = runs.read(tmp_path / "run.json")
    assert again == run
    assert guide.block(again) == guide.block(run)
    assert json.loads((tmp_path / "run.json").read_text())["sections"]["served"]["tables"]


def test_of_several_runs_the_newest_findings_of_each_section_count(run):
    other = Run({"Python": "3.12"}, {"workers": Findings([SERVED])})
    newer = Run({"Python": "3.13"}, {"served": Findings([], {"served": Spread(2, 2, 2)})})
    merged = runs.merged([run, other, newer])
    assert merged.about == {"Python": "3.13"}
    assert set(merged.sections) == {"served", "workers"}
    assert merged.figures["served"].median == 2


def test_the_picture_has_a_bar_with_its_figure_for_each_contender(run):
    picture = ET.fromstring(plot.svg(run))
    bars = picture.findall("{*}rect")
    written = [text.text for text in picture.findall("{*}text")]
    assert len(bars) == 2
    assert float(bars[1].get("width")) / float(bars[0].get("width")) == pytest.approx(1.0956, abs=0.01)
    assert {"ours & whole", "100 (1.00 x)", "110 (1.10 x)"} <= set(written)
    assert "prefers-color-scheme: dark" in picture.find("{*}style").text


def test_the_report_says_what_has_moved_and_decides_nothing():
    now = {"in process": Spread(1.3, 1.3, 1.3), "list of 20": Spread(4, 4, 4), "one row by its key": Spread(2, 2, 2)}
    stored = {"in process": Spread(1.15, 1.1, 1.2), "list of 20": Spread(1.5, 1.5, 1.5)}
    assert list(comparing.lines(now, stored)) == [
        "in process: 1.30; stored 1.15; within 30%: yes",
        "one row by its key: 2.00; none is stored",
        "list of 20: 4.00; stored 1.50; within 30%: no",
    ]


def test_the_guide_shows_what_is_stored_and_nothing_else():
    stored = runs.read(PROJECT / "bench/results.json")
    assert guide.between_marks(GUIDE.read_text()) == guide.block(stored)


def test_the_picture_is_of_what_is_stored():
    stored = runs.read(PROJECT / "bench/results.json")
    assert (GUIDE.parent / guide.PICTURE).read_text() == plot.svg(stored)
