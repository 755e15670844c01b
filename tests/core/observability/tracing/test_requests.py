import subprocess
import sys

from app.core.observability import tracing
from app.core.web.access import public
from tests.conftest import PROJECT, TESTING

OFF = """
import sys
from app import create_app
client = create_app().test_client()
assert client.get("/v1/ping", headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}).status_code == 200
# redis imports the metrics of OpenTelemetry wherever they are installed, which they are for these tests.
of_tracing = ("opentelemetry.exporter", "opentelemetry.sdk.trace.export", "app.core.observability.tracing.spans")
print([name for name in sys.modules if name.startswith(of_tracing)])
"""

# Hidden, not uninstalled: nothing of this name can be found.
HIDDEN = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: None if name.startswith("opentelemetry") else find(name, *args)
"""


def run(code, **environ):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=PROJECT, env=TESTING | environ, capture_output=True, text=True, check=False)


def test_nothing_of_it_is_imported_when_it_is_off():
    result = run(OFF)
    assert result.stdout.splitlines()[-1:] == ["[]"], result.stderr


def test_a_service_without_the_extra_does_not_start_and_says_what_to_install():
    result = run(HIDDEN + OFF, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    assert result.returncode == 78
    assert "OTEL_EXPORTER_OTLP_ENDPOINT: not installed: pip install" in result.stderr
    assert "requirements-tracing.txt" in result.stderr


def test_a_span_in_a_feature_costs_nothing_where_tracing_is_off(app, client):
    def view():
        with tracing.span("render", pages=3):
            return "done"

    app.add_url_rule("/v1/view", "v1.view", public(view))
    assert client.get("/v1/view").text == "done"


def test_lines_of_a_service_that_traces_nothing_have_no_trace(client, capsys):
    client.get("/v1/ping")
    assert "trace.id" not in capsys.readouterr().out
