import pytest

from bench import BenchmarkError
from bench import __main__ as program
from bench.reporting.findings import Findings, Table
from bench.reporting.runs import Run
from bench.running import programs

TABLE = Table("Served", "How.", ["contender", "µs", "times bare"], [["bare Flask", 100.0, 1.0]])


def test_without_a_program_it_says_so_and_fails(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "ALSO_IN", str(tmp_path))
    assert program.main([]) == 1
    assert "bench: wrk is not on this machine" in capsys.readouterr().err


def test_a_section_that_there_is_not_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        program.main(["nothing"])
    assert ended.value.code == 2
    assert "there are inprocess" in capsys.readouterr().err


def test_nothing_is_stored_before_anything_was_measured(tmp_path):
    with pytest.raises(BenchmarkError, match="make bench"):
        program.store(tmp_path)


def test_storing_writes_figures_picture_and_guide(tmp_path, monkeypatch):
    for name, path in {"STORED": "results.json", "PICTURE": "bench.svg", "GUIDE": "guide.md"}.items():
        monkeypatch.setattr(program, name, tmp_path / path)
    (tmp_path / "guide.md").write_text("Ours.\n<!-- bench:begin -->\n<!-- bench:end -->\n")
    Run({"Python": "3.11"}, {"served": Findings([TABLE])}).write(tmp_path / "kept/20260101-000000.json")
    program.store(tmp_path / "kept")
    assert "Python 3.11." in (tmp_path / "guide.md").read_text()
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")
    assert (tmp_path / "results.json").exists()
