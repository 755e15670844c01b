"""deploy/smoke_test.sh: right about the service as it is, and about each way in which one can be wrong."""

import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from tests.conftest import PROJECT, UNREACHABLE
from tests.stack.conftest import GENEROUS_SECONDS, running, until
from tests.stack.front import standing

SCRIPT = PROJECT / "deploy/smoke_test.sh"
# What every answer carries that is no promise of app/core/edge/headers.py.
ORDINARY = {
    *("accept-ranges", "connection", "content-disposition", "content-length", "content-type", "date"),
    *("etag", "expires", "last-modified", "location", "server", "vary", "x-request-id"),
}


@pytest.fixture(scope="session")
def curl():
    assert shutil.which("curl"), "curl is not on this machine, and the smoke test is made of it: apt-get install curl"


@pytest.fixture(scope="module")
def standing_front(tmp_path_factory, stack_environment, curl):
    folder = tmp_path_factory.mktemp("front")
    with (
        standing(folder) as front,
        running(folder / "service", stack_environment | {"PUBLIC_URL": front.url}) as service,
    ):
        until(service.is_ready)
        front.backend = service.port
        yield front


@pytest.fixture
def front(standing_front):
    """The service behind TLS, honest again after each test."""
    honest = vars(standing_front).copy()
    yield standing_front
    vars(standing_front).update(honest)


def smoke(*arguments):
    return subprocess.run(
        ["sh", SCRIPT, *map(str, arguments)],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=GENEROUS_SECONDS,
        check=False,
    )


def smoke_at(front, *options):
    return smoke("--cacert", front.certificate, "--http-port", front.http_port, *options, front.url)


def checks(result):
    """Return what was said of each check: its verdict, and what was seen."""
    lines = re.findall(r"^(ok|FAILED|skipped) +(.{22}\S*) (.*)$", result.stdout, re.MULTILINE)
    return {name.strip(): (verdict, seen) for verdict, name, seen in lines}


def named(verdict, result):
    return {name for name, (said, _) in checks(result).items() if said == verdict}


def test_a_service_that_is_all_there_passes_every_check(front):
    result = smoke_at(front)
    assert result.returncode == 0, result.stdout + result.stderr
    assert named("FAILED", result) == set()
    assert named("skipped", result) == {"write"}
    assert {
        "certificate",
        "liveness",
        "readiness",
        "ping",
        "headers of the API",
        "request id",
        "page /",
        "headers of the page",
        "headers of a file",
        "unknown operation",
        "headers of an error",
        "unknown page",
        "redirect",
        "metrics not public",
    } <= named("ok", result)
    assert any(name.endswith(".css") for name in named("ok", result))
    assert result.stderr == ""


def test_it_says_until_when_the_certificate_is_good(front):
    verdict, seen = checks(smoke_at(front))["certificate"]
    assert verdict == "ok"
    assert re.search(r"\d{2}:\d{2}:\d{2} \d{4} GMT", seen)


def test_it_writes_when_it_is_told_to_and_leaves_nothing_behind(front):
    asked = []
    front.spoil = lambda answer: asked.append((answer.method, answer.path, answer.status))
    result = smoke_at(front, "--write")
    assert result.returncode == 0, result.stdout
    assert {"write", "read", "delete", "read once deleted"} <= named("ok", result)
    [(_, path, _)] = [request for request in asked if request[0] == "DELETE"]
    assert asked[-4:] == [("POST", "/v1/notes", 201), ("GET", path, 200), ("DELETE", path, 204), ("GET", path, 404)]


def test_it_does_not_write_unless_it_is_told_to(front):
    methods = set()
    front.spoil = lambda answer: methods.add(answer.method)
    smoke_at(front)
    assert methods == {"GET"}


def test_without_the_example_it_says_that_there_is_nothing_to_write(front):
    result = smoke_at(front, "--write", "--write-path", "/v1/nothing")
    assert (result.returncode, named("FAILED", result)) == (1, {"write"})  # for it was asked for by name

    def lie(answer):
        if answer.method == "POST":
            answer.status = 404

    front.spoil = lie
    result = smoke_at(front, "--write")
    assert (result.returncode, named("skipped", result)) == (0, {"write"})
    assert "--write-path" in checks(result)["write"][1]


def test_an_instance_is_asked_at_its_own_socket_as_the_proxy_would(front):
    result = smoke("--unix-socket", front.socket, front.url)
    assert result.returncode == 0, result.stdout + result.stderr
    assert named("skipped", result) == {"certificate", "write"}
    assert {"redirect", "headers of the page", "metrics not public"} <= named("ok", result)


def test_another_address_can_be_asked_than_dns_has(front):
    elsewhere = front.url.replace("localhost", "example.org")
    result = smoke("--resolve", "127.0.0.1", "--insecure", elsewhere)
    assert checks(result)["liveness"][0] == "ok"
    assert checks(result)["ping"][0] == "FAILED"  # the host is not one of the service's


def test_a_service_without_tls_is_asked_for_neither_certificate_nor_redirect(start, curl):
    plain = {"APP_ENV": "testing", "PUBLIC_URL": "http://127.0.0.1", "PROXY_HOPS_FOR": "0", "PROXY_HOPS_PROTO": "0"}
    result = smoke(f"http://127.0.0.1:{start(**plain).port}/")
    assert result.returncode == 0, result.stdout + result.stderr
    assert named("skipped", result) == {"certificate", "redirect", "write"}


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("/", "headers of the page"),
        ("/v1/ping", "headers of the API"),
        ("/static/", "headers of a file"),
        ("/v1/smoke", "headers of an error"),
    ],
)
def test_each_header_is_missed_wherever_it_is_promised(front, path, check):
    promised = set()

    def drop(answer):
        if concerned(answer, path):
            promised.update({name.lower() for name, _ in answer.headers} - ORDINARY)
            answer.headers = [header for header in answer.headers if header[0].lower() in ORDINARY]

    front.spoil = drop
    result = smoke_at(front)
    assert (result.returncode, named("FAILED", result)) == (1, {check})
    assert promised >= {"content-security-policy", "strict-transport-security", "cache-control"}
    assert [name for name in promised if f"no {name}" not in checks(result)[check][1]] == []


def concerned(answer, path):
    return answer.path == path or (len(path) > 1 and answer.path.startswith(path))


def change(path, **changes):
    """Return what changes the answers to this path, and to those below it: headers, or `status`, or `body`."""

    def lie(answer):
        if concerned(answer, path):
            answer.status = changes.get("status", answer.status)
            answer.body = changes.get("body", answer.body)
            for name, value in changes.items():
                if name not in {"status", "body"}:
                    answer.set(name.replace("_", "-"), value)

    return lie


def twice(answer):
    answer.headers.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))


@pytest.mark.parametrize(
    ("lie", "failed"),
    [
        (change("/healthz", status=500), {"liveness"}),
        (change("/healthz", body=b'{"status":"fine"}'), {"liveness"}),
        (change("/readyz", body=b'{"status":"unavailable"}'), {"readiness"}),
        (change("/readyz", Content_Type="text/html"), {"readiness"}),
        (change("/v1/ping", X_Request_ID="another-one"), {"request id"}),
        (change("/v1/ping", Strict_Transport_Security="max-age=0"), {"headers of the API"}),
        (change("/v1/ping", Content_Security_Policy="default-src 'unsafe-inline'"), {"headers of the API"}),
        (change("/v1/smoke", status=200), {"unknown operation"}),
        (change("/v1/smoke", Content_Type="text/html"), {"unknown operation"}),
        (change("/smoke", status=200), {"unknown page"}),
        (change("/smoke", status=302), {"unknown page"}),
        (change("/static/", Cache_Control="no-cache"), {"headers of a file"}),
        (change("/metrics", status=200, body=b"# HELP"), {"metrics not public"}),
        (change("/metrics", status=502), {"metrics not public"}),
        (change("/v1/ping?", Location="https://evil.example/v1/ping?by=smoke-test"), {"redirect"}),
        (change("/v1/ping?", Location="/v1/ping?by=smoke-test"), {"redirect"}),
        (change("/v1/ping?", status=301), {"redirect"}),
        (twice, {"headers of the API", "headers of the page", "headers of an error", "headers of a file"}),
    ],
)
def test_what_is_wrong_is_told_by_its_own_line(front, lie, failed):
    front.spoil = lie
    result = smoke_at(front)
    assert (result.returncode, named("FAILED", result)) == (1, failed), result.stdout


def test_a_static_file_that_is_not_there_is_told(front):
    front.spoil = change("/static/app.", status=404)
    result = smoke_at(front)
    assert result.returncode == 1
    assert {name.partition(".")[0] for name in named("FAILED", result)} == {"app"}


def test_a_server_that_says_200_to_everything_does_not_pass(front):
    def lie(answer):
        answer.status, answer.headers, answer.body = 200, [("Content-Type", "text/html")], b"<h1>It works!</h1>"

    front.spoil = lie
    result = smoke_at(front)
    assert result.returncode == 1
    assert named("ok", result) == {"certificate", "page /"}


def test_a_service_without_its_database_is_alive_and_not_ready(front, start):
    front.backend = start(DATABASE_URL=UNREACHABLE, PUBLIC_URL=front.url).port
    result = smoke_at(front)
    assert (result.returncode, named("FAILED", result)) == (1, {"readiness"})
    assert '503 application/json {"status":"unavailable","failing":["database"' in checks(result)["readiness"][1]


def test_a_certificate_that_is_not_trusted_fails_and_hides_nothing_else(front):
    result = smoke("--http-port", front.http_port, front.url)
    assert (result.returncode, named("FAILED", result)) == (1, {"certificate"})
    assert "self-signed" in checks(result)["certificate"][1]


def test_a_certificate_for_another_host_fails(front):
    result = smoke(
        "--cacert", front.certificate, "--resolve", "127.0.0.1", front.url.replace("localhost", "example.org")
    )
    assert result.returncode == 1
    assert "example.org" in checks(result)["certificate"][1]


def test_a_certificate_is_not_looked_at_where_none_is_asked_for(front):
    result = smoke("--insecure", "--http-port", front.http_port, front.url)
    assert (result.returncode, named("skipped", result)) == (0, {"certificate", "write"})


def test_hsts_is_missed_unless_none_is_promised(front):
    front.spoil = lambda answer: answer.drop("Strict-Transport-Security")
    assert smoke_at(front).returncode == 1
    assert smoke_at(front, "--no-hsts").returncode == 0


def test_a_server_that_never_answers_is_given_up(curl):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = smoke("--timeout", "1", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert (result.returncode, named("FAILED", result)) == (1, {"liveness"})
    assert "timed out" in checks(result)["liveness"][1]
    assert checks(result)["everything else"] == ("skipped", "nothing answers there")


def test_a_server_that_is_slow_to_answer_everything_is_given_up(front):
    front.spoil = lambda _: time.sleep(1)
    result = smoke_at(front, "--deadline", "3")
    assert result.returncode == 1
    assert checks(result)["metrics not public"] == ("FAILED", "not asked: the 3 seconds are over; wanted: 403 or 404")


def test_where_nothing_listens_the_reason_is_told(curl):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    result = smoke(f"https://127.0.0.1:{port}")
    assert (result.returncode, named("FAILED", result)) == (1, {"certificate", "liveness"})
    assert "connect" in checks(result)["liveness"][1]


def test_nothing_that_is_sent_back_reaches_the_controls_of_a_terminal(front):
    front.spoil = change("/readyz", body=b'{"status":"\x1b[2J\x07 \xff"}')
    assert not re.search(r"[^\n -~]", smoke_at(front).stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["example.org"],
        ["https://example.org/path"],
        ["https://user@example.org"],
        ["https://example.org", "https://example.com"],
        ["--surprise", "https://example.org"],
        ["--timeout"],
        ["--timeout", "soon", "https://example.org"],
        ["--deadline", "0", "https://example.org"],
        ["--http-port", "http", "https://example.org"],
        ["--unix-socket", "/nowhere", "https://example.org"],
        ["--cacert", "/nowhere", "https://example.org"],
    ],
    ids=" ".join,
)
def test_what_it_does_not_understand_it_does_not_begin(arguments, curl):
    result = smoke(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("smoke_test.sh: ")


def test_without_curl_it_says_so(tmp_path):
    for program in ("sh", "grep", "sed"):
        (tmp_path / program).symlink_to(shutil.which(program))
    command = ["sh", SCRIPT, "https://example.org"]
    result = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "curl is not on this machine" in result.stderr


def test_its_help_explains_every_option():
    options = set(re.findall(r"^      (--[a-z-]+)\)", SCRIPT.read_text(), re.MULTILINE))
    assert len(options) > 10
    result = smoke("--help")
    assert result.returncode == 0
    assert [option for option in options if not re.search(rf"^  {option}( |$)", result.stdout, re.MULTILINE)] == []
