"""A collector of traces: a real OTLP/HTTP server that decodes what arrives, or says nothing."""

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.receiver import Receiver, receiving


class Collector(Receiver):
    """What has arrived, decoded."""

    @property
    def endpoint(self):
        return self.url

    @property
    def requests(self):
        return [ExportTraceServiceRequest.FromString(content) for content in self.traces]

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


def collecting():
    """Run a collector until the block ends."""
    return receiving(Collector)
