"""What stands in for a collector of traces: a real OTLP/HTTP server that decodes what arrives, or says nothing."""

import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What has arrived, and whether it is answered."""

    def __init__(self, port):
        self.endpoint = f"http://127.0.0.1:{port}"
        self.answering = threading.Event()
        self.answering.set()
        self.requests = []
        self.heads = []

    def resources(self):
        """Return each sender's description of itself."""
        return [attributes(batch.resource) for request in self.requests for batch in request.resource_spans]

    def spans(self):
        """Return all spans, in the order in which they came."""
        batches = [batch for request in self.requests for batch in request.resource_spans]
        return [span for batch in batches for scope in batch.scope_spans for span in scope.spans]


def attributes(carrier):
    """Return the attributes of a span or a resource as a dictionary."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in carrier.attributes}


@contextmanager
def collecting():
    """Run a collector until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.heads.append(f"{self.requestline}\n{self.headers}")
            collector.requests.append(ExportTraceServiceRequest.FromString(body))
            collector.answering.wait()
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
    collector = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield collector
    finally:
        collector.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()
