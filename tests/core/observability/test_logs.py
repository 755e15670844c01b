import json
import logging
import os
import socket
import subprocess
import sys
import threading

import pytest

log = logging.getLogger("shop")


@pytest.fixture
def lines(capsys):
    """What has been logged since the last call, one parsed object a line."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_when_how_bad_who_what_and_which_release(create, lines):
    create(SERVICE_NAME="shop", RELEASE="1.2.3")
    log.info("sold %d", 3, extra={"order": 7})
    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "shop",
        "message": "sold 3",
        "order": 7,
        "service": "shop",
        "release": "1.2.3",
    }


def test_the_time_is_utc_with_milliseconds(create, lines):
    create()
    record = logging.LogRecord("shop", logging.INFO, "", 0, "x", (), None)
    record.created = 1_769_860_800.0126
    logging.getLogger().handle(record)
    assert lines()[0]["timestamp"] == "2026-01-31T12:00:00.012Z"


def test_a_traceback_stays_on_its_line_without_its_secrets(create, lines):
    create()
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        log.exception("failed for %s", "postgresql://app:hunter2@db/app")
    [line] = lines()
    assert "ValueError" in line["error.stack_trace"]
    assert "hunter2" not in json.dumps(line)


def test_a_configured_secret_never_appears_in_any_form(environment, create, lines):
    secret = environment["SECRET_KEY"]
    create(DATABASE_URL="postgresql://app:p%40ss-word!@127.0.0.1:1/x")
    log.info("%s and p@ss-word!", secret, extra={"nested": {"deep": [secret]}, "password": "p"})
    text = json.dumps(lines())
    assert secret not in text
    assert "p@ss-word!" not in text


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hunter2"},
        {"clientSecret": 12345678},
        {"note": "password=hunter2"},
        {"deep": {"a": ["token: hunter2"]}},
        {"deep": {"token": "hunter2"}},
        {"error": ValueError("redis://:hunter2@cache/0")},
        {"raw": b"password=hunter2"},
        {"timestamp": "postgresql://app:hunter2@db/"},
    ],
)
def test_a_secret_is_taken_out_wherever_a_line_has_it(create, lines, fields):
    create()
    log.info("innocent", extra=fields)
    [line] = lines()
    assert "[redacted]" in json.dumps(line)
    assert "hunter2" not in json.dumps(line)
    assert "12345678" not in json.dumps(line)


def test_whatever_a_caller_names_its_fields_all_of_them_are_on_the_line(create, lines):
    create()
    log.info("sold", extra={"extra": {"a": 1}, "fields": "text", "order": 5})
    [line] = lines()
    assert (line["message"], line["extra"], line["fields"], line["order"]) == ("sold", {"a": 1}, "text", 5)


@pytest.mark.parametrize("text", ["a\nb", "a\r\n{}", "\x1b[31mred", "\x00", "\u2028", "\ud800", "\x85"])
def test_no_text_can_make_a_second_line(create, capsys, text):
    for log_format in ("json", "console"):
        create(LOG_FORMAT=log_format)
        log.info("before %s after", text)
        [line] = capsys.readouterr().out.encode(errors="replace").decode().removesuffix("\n").split("\n")
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line


def test_what_json_cannot_hold_is_described_rather_than_lost(create, lines):
    create()
    log.info("huge", extra={"number": 2**70, "thing": object(), "set": {1}, "bytes": b"x"})
    [line] = lines()
    assert line["number"] == 2**70
    assert "object" in line["thing"]


def test_the_console_is_for_people(create, capsys):
    create(LOG_FORMAT="console")
    log.warning("watch %s", "out")
    assert capsys.readouterr().out.endswith(" WARNING  shop: watch out\n")


def test_lines_below_the_level_are_left_out(create, lines):
    create(LOG_LEVEL="WARNING")
    log.info("small")
    log.warning("large")
    assert [line["message"] for line in lines()] == ["large"]


WARNER = """
import warnings
from tests.conftest import TESTING
from app import create_app
from app.config import load_config
create_app(load_config(TESTING))
warnings.warn("old", DeprecationWarning)
"""


def test_warnings_of_libraries_are_lines_too():
    shown = subprocess.run([sys.executable, "-W", "always", "-c", WARNER], capture_output=True, text=True, check=True)
    line = json.loads(shown.stdout.splitlines()[-1])
    assert line["logger"] == "py.warnings"
    assert "DeprecationWarning: old" in line["message"]


def test_what_ends_a_thread_is_a_line_without_its_secrets(create, lines, capsys):
    app = create()

    def fail() -> None:
        raise RuntimeError(app.config["SECRET_KEY"])

    for target in (fail, sys.exit):
        thread = threading.Thread(target=target, name="worker-7")
        thread.start()
        thread.join()
    [line] = lines()
    assert (line["level"], line["message"]) == ("ERROR", "the thread worker-7 has failed")
    assert "RuntimeError: [redacted]" in line["error.stack_trace"]
    assert capsys.readouterr().err == ""


def test_lines_also_go_to_a_file_and_to_syslog_when_asked(create, tmp_path, lines):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(tmp_path / "syslog"))
        syslog.settimeout(10)
        create(LOG_FILE=str(tmp_path / "service.log"), LOG_SYSLOG=str(tmp_path / "syslog"))
        log.info("everywhere, password=hunter2")
        sent = syslog.recv(65_536).decode()
    [shown] = lines()
    assert shown["message"] == "everywhere, password=[redacted]"
    assert json.loads((tmp_path / "service.log").read_text()) == shown
    assert json.loads(sent.removeprefix(f"<14>slipway[{os.getpid()}]: ")) == shown
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})
