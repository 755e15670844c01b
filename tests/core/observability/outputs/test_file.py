import json
import logging
import os
import resource
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from app.core.observability.outputs import LogFile
from tests.conftest import PROJECT

WRITER = """
import logging, logging.config, sys
from tests.conftest import TESTING
from app.config import load_config
from app.core.observability.logs import dict_config
logging.config.dictConfig(dict_config(load_config({**TESTING, "LOG_FILE": sys.argv[1]}).mapping()))
for number in range(int(sys.argv[3])):
    filling = "x" * (number % 20 * 1_000)
    logging.getLogger("writer").info("line", extra={"writer": sys.argv[2], "number": number, "filling": filling})
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "service.log"


@contextmanager
def logging_to(path):
    log, handler = logging.Logger("shop"), LogFile(str(path))  # noqa: LOG001  no other handler is to hear it
    log.addHandler(handler)
    yield log
    handler.close()


@pytest.fixture
def log(path):
    with logging_to(path) as log:
        yield log


def test_no_line_is_lost_or_torn_when_the_file_is_moved_away_while_several_processes_write(path, tmp_path):
    count = 500
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen([*command, str(number), str(count)], stdout=subprocess.DEVNULL, cwd=PROJECT)
        for number in range(3)
    ]
    rotation = 0
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            path.rename(tmp_path / f"service.log.{rotation}")  # what logrotate does
            rotation += 1
        time.sleep(0.001)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    written = [json.loads(line) for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    assert rotation > 1
    assert len({(line["writer"], line["number"]) for line in written}) == len(written) == 3 * count


def test_a_line_of_any_length_is_one_write(log, path, monkeypatch):
    writes, write = [], os.write

    def counted(descriptor, data):
        writes.append(write(descriptor, data))
        return writes[-1]

    monkeypatch.setattr(os, "write", counted)
    log.info("x" * 3_000_000)
    assert writes == [3_000_001] == [path.stat().st_size]


def test_a_line_that_somebody_was_killed_in_the_middle_of_is_ended_first(log, path):
    path.write_text("whole\nhal")
    log.info("next")
    log.info("one more")
    assert path.read_text() == "whole\nhal\nnext\none more\n"


def test_a_full_disk_is_said_once_and_lines_go_on_when_there_is_room(log, path, capfd):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log.info("x" * 9_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_015, hard))
    try:
        for _ in range(5):
            log.info("more than there is room for")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log.info("last")
    assert path.read_text().splitlines() == [
        "x" * 9_000,
        "more than ther",  # cut, and the only one
        "last",
        f"LOG_FILE {path}: 5 earlier lines could not be written",
    ]
    assert capfd.readouterr().err == (
        f"LOG_FILE {path}: log lines cannot be written (File too large); they are being counted\n"
    )


def test_a_device_without_room_is_said_too(capfd):
    with logging_to("/dev/full") as log:
        log.info("first")
        log.info("second")
    assert capfd.readouterr().err.count("No space left on device") == 1


def test_a_folder_that_is_gone_for_a_while_costs_lines_and_nothing_else(log, path, tmp_path):
    log.info("first")
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    log.info("second")
    tmp_path.mkdir()
    log.info("third")
    assert path.read_text().splitlines()[0] == "third"


def test_others_than_the_group_cannot_read_the_file(log, path):
    log.info("first")
    assert path.stat().st_mode & 0o007 == 0
