import logging

import pytest

from app.core.observability.outputs import output
from app.core.observability.outputs.output import Output


class Sink(Output):
    """An output into a list, which fails on request."""

    def __init__(self):
        super().__init__("SINK")
        self.lines, self.patience, self.error = [], [], None
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    def write(self, line, _level, patience):
        self.patience.append(patience)
        if self.error:
            raise self.error
        self.lines.append(line)


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def log(sink):
    log = logging.Logger("shop")  # noqa: LOG001  no other handler is to hear it
    log.addHandler(sink)
    return log


def test_an_output_that_fails_says_so_once_and_tells_the_gap_when_it_is_back(sink, log, capfd):
    log.info("first")
    sink.error = OSError(28, "No space left on device")
    for number in range(5):
        log.info("lost %d", number)
    sink.error = None
    log.info("second")
    log.info("third")
    assert sink.lines == [
        "INFO first",
        "INFO second",
        "WARNING SINK: 5 earlier lines could not be written",
        "INFO third",
    ]
    assert capfd.readouterr().err == (
        "SINK: log lines cannot be written (No space left on device); they are being counted\n"
    )


def test_an_output_that_comes_and_goes_is_not_complained_of_each_time(sink, log, capfd):
    for number in range(5):
        sink.error = None if number % 2 else OSError(28, "No space left on device")
        log.info("line")
    assert capfd.readouterr().err.count("\n") == 1


def test_only_the_first_failure_costs_time(sink, log, monkeypatch):
    sink.error = TimeoutError("nobody reads them")
    for _ in range(3):
        log.info("line")
    assert sink.patience == [output.PATIENCE_SECONDS, 0, 0]
    sink.error = None
    monkeypatch.setattr(output, "QUIET_SECONDS", 0)
    log.info("line")
    assert sink.patience[-1] == output.PATIENCE_SECONDS


def test_a_line_that_cannot_be_formatted_says_where_it_was_logged_and_shows_no_value(sink, log, capfd):
    log.info("%d items", "hunter2")
    [line] = sink.lines
    assert line.startswith("ERROR what test_output.py:")
    assert line.endswith(" logs cannot be formatted: TypeError")
    assert capfd.readouterr().err == ""
