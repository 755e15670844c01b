"""The access log: JSON in the names of the application's, and joined with it by the id of a request."""

import json
import re
import time
from datetime import UTC, datetime

import pytest

from tests.nginx.sites import NAME
from tests.stack.conftest import until
from tests.stack.elastic import document, is_of_type, mapped, renames_of_filebeat

pytestmark = pytest.mark.nginx

OWN = {"upstream.connect_seconds", "upstream.header_seconds", "upstream.response_seconds"}
ONLY_THE_APPLICATION_S = {"release", "http.route"}
SECRET = "t0p-s3cret"


def test_a_line_has_the_names_and_values_of_the_application_s(site, instance):
    answer = site.get("/v1/stack/redirect?x=1", User_Agent="a test")
    ours = site.line(answer.header("X-Request-ID"))
    theirs = instance.line(ours["request_id"])
    assert set(ours) - OWN == set(theirs) - ONLY_THE_APPLICATION_S
    different = {name for name in theirs if name in ours and theirs[name] != ours[name]}
    assert different <= {"timestamp", "logger", "event.duration", "service", "message"}
    assert ours["logger"] == "nginx"
    assert ours["message"] == theirs["message"]
    assert ours["event.duration"] >= 0


def test_a_line_tells_how_long_the_service_took(site):
    line = site.line(site.get("/v1/stack/backend/1").header("X-Request-ID"))
    assert 0.01 <= line["upstream.response_seconds"] <= line["event.duration"] / 1e9 + 0.01
    assert line["upstream.header_seconds"] >= 0.01
    assert line["upstream.connect_seconds"] >= 0
    for name in OWN:
        assert isinstance(line[name], float)


def test_a_line_of_what_nginx_answers_by_itself_says_that_nobody_was_asked(site):
    line = site.line(site.get("/static/error.css").header("X-Request-ID"))
    assert {line[name] for name in OWN} == {None}


def test_the_time_is_utc_with_milliseconds(site):
    line = site.line(site.get("/v1/ping").header("X-Request-ID"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 3_600


def test_a_machine_whose_time_is_not_utc_says_so(start, monkeypatch):
    monkeypatch.setenv("TZ", "XXX-2")
    site = start()
    line = site.line(site.get("/static/error.css").header("X-Request-ID"))
    assert line["timestamp"].endswith("+02:00")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 3_600


def test_a_duration_is_whole_nanoseconds(start, recorder):
    site = start()
    site.serve(recorder.folder)
    recorder.speaking.clear()
    began = time.monotonic_ns()
    connection = site.connection()
    connection.connect()
    with connection.sock as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nX-Request-ID: of-the-slow-one\r\n\r\n".encode())
        until(lambda: recorder.heads)
        time.sleep(1.2)
        recorder.speaking.set()
        assert sock.recv(65_536)
    line = site.line("of-the-slow-one")
    assert isinstance(line["event.duration"], int)
    assert 1_100_000_000 < line["event.duration"] < time.monotonic_ns() - began + 100_000_000


def test_nothing_that_a_client_sends_beside_the_path_is_logged(site):
    sent = {"Cookie": f"a={SECRET}", "Authorization": SECRET, "Referer": f"https://x/?{SECRET}", "X-Named": SECRET}
    answer = site.get(f"/v1/ping?token={SECRET}", **sent)
    assert site.line(answer.header("X-Request-ID"))["url.path"] == "/v1/ping"
    assert site.get(f"/static/nothing?{SECRET}", **sent).status == 404
    assert site.ask("GET", f"/?{SECRET}", port="80", **sent).status == 308
    for log in (site.root / "var/log/nginx").iterdir():
        assert SECRET not in log.read_text(errors="replace"), log.name


def test_what_a_client_does_not_say_is_empty(site):
    assert site.line(site.get("/static/error.css").header("X-Request-ID"))["user_agent.original"] == ""
    site.raw(b"unspeakable\r\n\r\n")
    until(lambda: any(line["url.path"] == "" for line in site.lines()))


HOSTILE = [
    b'GET /v1/"}\\ HTTP/1.1\r\nHost: %s\r\nUser-Agent: "}\\\x1b[2J\r\n' % NAME.encode(),
    b"GET /v1/\xff\xe2\x80\xa8 HTTP/1.1\r\nHost: %s\r\nUser-Agent: \xff\xfe\r\n" % NAME.encode(),
    b"GET /v1/ping HTTP/1.1\r\nHost: %s\r\nUser-Agent: \xe2\x80\xa8\r\n" % NAME.encode(),
    b"GET /%0a%22 HTTP/1.1\r\nHost: evil.example\r\n",
    b'"}\xff\x00\r\n',
    b"GET /\r\n",
]


def test_nothing_that_a_client_sends_breaks_a_line(site):
    before = len(site.lines())
    for request in HOSTILE:
        site.raw(request + b"Connection: close\r\n\r\n")
    lines = until(lambda: len(site.lines()) >= before + len(HOSTILE) and site.lines())
    text = site.log.read_bytes()
    assert text.isascii()
    assert text.endswith(b"\n")
    assert len(lines) == len(text.splitlines())
    for name in ("url.path", "user_agent.original"):
        assert "(not printable)" in {line[name] for line in lines}


def test_every_line_has_every_field(site):
    for request in HOSTILE:
        site.raw(request + b"Connection: close\r\n\r\n")
    fields = until(lambda: len(site.lines()) >= len(HOSTILE) and [set(line) for line in site.lines()])
    assert all(names == fields[0] for names in fields)


def test_every_field_that_has_a_type_in_elasticsearch_is_of_it(site):
    site.raw(HOSTILE[0] + b"Connection: close\r\n\r\n")
    for line in until(site.lines):
        stored = document(json.dumps(line), renames_of_filebeat())
        for name, value in stored.items():
            if name not in OWN:
                assert is_of_type(value, mapped(name)["type"]), f"{name}: {value!r}"


def test_probes_are_logged_when_they_fail_only(start, recorder, site):
    quiet = site.get("/healthz").header("X-Request-ID")
    loud = site.get("/v1/ping").header("X-Request-ID")
    assert site.line(loud)
    assert quiet not in site.log.read_text()
    dead = start()
    failed = dead.get("/readyz")
    assert failed.status == 502
    assert dead.line(failed.header("X-Request-ID"))


def test_lines_of_many_at_once_are_whole(site):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(8) as pool:
        agents = pool.map(
            lambda number: site.get("/static/error.css", User_Agent=f"{number} " + "x" * 7_000), range(80)
        )
        ids = {answer.header("X-Request-ID") for answer in agents}
    until(lambda: ids <= {line["request_id"] for line in site.lines()})
