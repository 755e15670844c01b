"""Stands in for Sentry or a collector of traces: a real HTTP server that keeps what it is sent, or says nothing."""

import gzip
import json
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """What has arrived, and whether it is answered."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.dsn = f"http://publickey@127.0.0.1:{port}/42"
        self.answering = threading.Event()
        self.answering.set()
        self.waiting = 0
        self.heads = []  # of all requests
        self.bodies = []  # Sentry's envelopes
        self.traces = []  # OpenTelemetry's, as the bytes that they are

    def items(self, kind):
        """Return the payloads of one kind: `event`, `transaction`, `client_report`."""
        return [payload for body in self.bodies for item, payload in parse(body) if item["type"] == kind]

    def take(self, path, head, content):
        """Keep a request."""
        self.heads.append(head)
        (self.bodies if path.endswith("/envelope/") else self.traces).append(content)
        self.waiting += 1


def parse(body):
    """Yield header and payload of each item of an envelope: https://develop.sentry.dev/sdk/data-model/envelopes/."""
    _, _, rest = body.partition(b"\n")
    while rest:
        head, _, rest = rest.partition(b"\n")
        item = json.loads(head)
        payload, rest = rest[: item["length"]], rest[item["length"] :].removeprefix(b"\n")
        yield item, json.loads(payload)


@contextmanager
def receiving(kind=Receiver):
    """Run a receiver until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            content = gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body
            receiver.take(self.path, f"{self.requestline}\n{self.headers}", content)
            receiver.answering.wait()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def handle(self):
            with suppress(OSError):  # the service has ended, or has given us up
                super().handle()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = kind(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()
