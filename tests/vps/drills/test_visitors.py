"""Visitors notice what goes wrong: tried at a server that does it on purpose, without a machine."""

import json
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from tests.vps.drills.load import visited
from tests.vps.service import DOMAIN

pytestmark = pytest.mark.vps

PAGE = b"<dl><dt>Release</dt><dd><code>of-the-test</code></dd></dl></html>\n"


class Handler(BaseHTTPRequestHandler):
    """Answers as the service does, but for the fault that its server has."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        note = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note["id"] = len(self.server.notes) + 1
        self.server.notes[note["id"]] = note
        self.answer(201, json.dumps(note).encode())

    def do_GET(self):
        if self.path.startswith("/v1/notes/"):
            return self.answer(200, json.dumps(self.server.notes[int(self.path.rpartition("/")[2])]).encode())
        return self.answer(200, b'{"message":"pong"}' if self.path == "/v1/ping" else PAGE)

    def answer(self, status, body):
        fault = self.server.fault
        self.send_response(502 if fault == "an error" else status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault != "silence":
            self.wfile.write({"half an answer": body[:5], "another answer": body.swapcase()}.get(fault, body))
        self.close_connection = fault in {"half an answer", "silence", "closed connections"}

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def stand_in(tmp_path):
    """What `visited` asks of a service, with a server of our own behind it."""
    pair = ["-keyout", tmp_path / "key", "-out", tmp_path / "certificate", "-days", "2", "-nodes"]
    names = ["-subj", f"/CN={DOMAIN}", "-addext", f"subjectAltName=DNS:{DOMAIN}"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", *pair, *names], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.fault, server.notes, server.daemon_threads = "none", {}, True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield SimpleNamespace(
            server=server,
            certificate=(tmp_path / "certificate").read_text,
            machine=SimpleNamespace(address="127.0.0.1", cable=SimpleNamespace(client=lambda _: "127.0.0.1")),
            sql=lambda _: [note["title"] for note in server.notes.values()],
        )
        server.shutdown()
        thread.join()


def visit(stand_in, folder, fault):
    with visited(stand_in, folder, visitors=3, per_second=60, port=stand_in.server.server_port) as load:
        load.reach(60)
        stand_in.server.fault = fault
        load.reach(120)
    return load


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("an error", "status 502, "),
        ("another answer", "status 20"),
        ("half an answer", "IncompleteReadError at request"),
        ("silence", "IncompleteReadError at request"),
    ],
)
def test_whatever_is_not_the_right_answer_is_a_failure(stand_in, tmp_path, fault, what):
    load = visit(stand_in, tmp_path, fault)
    assert len(load.failures) >= 30
    assert all(failure.what.startswith(what) for failure in load.failures)
    assert load.requests == len(load.failures) + len(load.seen["answers"])
    assert load.releases == ["of-the-test"]


def test_a_connection_that_was_closed_in_between_is_counted_and_no_failure(stand_in, tmp_path):
    load = visit(stand_in, tmp_path, "closed connections")
    assert load.failures == []
    assert load.seen["reopened"] >= 30


def test_a_write_that_is_missing_twice_or_unacknowledged_is_noticed(stand_in, tmp_path):
    load = visit(stand_in, tmp_path, "none")
    assert (load.failures, load.requests >= 120) == ([], True)
    assert list(load.account_of_writes().values())[1:] == [0, 0, 0]
    titles = load.seen["acknowledged"]
    stand_in.sql = lambda _: [*titles[1:], titles[1], "another"]
    assert list(load.account_of_writes().values()) == [len(titles), 1, 1, 1]
