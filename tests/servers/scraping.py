"""What a service says of itself at its internal address."""

from prometheus_client.parser import text_string_to_metric_families


def samples(machine, name, number=None, **labels):
    """Return the values of all samples of that name which have those labels."""
    status, text = machine.internal("/metrics", number)
    assert status == 200
    return [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]


def counted(machine, route, number=None):
    """Return how many requests for a route were answered."""
    return sum(samples(machine, "http_request_duration_seconds_count", number, route=route))
