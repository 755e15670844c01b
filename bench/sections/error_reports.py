"""What Sentry adds to a request that succeeds, when nothing is traced."""

from bench.measuring.rounds import differences, spread
from bench.reporting.findings import Findings, Table
from bench.running.place import Place
from bench.sections.contenders import WHOLE, measure, whole
from bench.sections.options import Options

NOWHERE = "http://key@127.0.0.1:1/1"
TITLE = "Error reports"
NOTE = "Processor time of one WSGI call of `GET /v1/ping`, which succeeds, so that nothing is reported."


def run(place: Place, options: Options) -> Findings:
    """Measure the service with and without."""
    names = (WHOLE, "with Sentry", "with Sentry, 1 % traced")
    found = measure(
        {
            names[0]: whole(place),
            names[1]: whole(place, SENTRY_DSN=NOWHERE, SENTRY_TRACES_SAMPLE_RATE="0"),
            names[2]: whole(place, SENTRY_DSN=NOWHERE, SENTRY_TRACES_SAMPLE_RATE="0.01"),
        },
        place,
        options,
    )
    table = Table(TITLE, NOTE, ["application", "µs", "added, µs"])
    for name, values in found.items():
        table.rows.append([name, spread(values).median, differences(values, found[WHOLE]).median])
    return Findings([table], {"sentry": differences(found[names[1]], found[WHOLE])})
