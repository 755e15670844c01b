"""Secrets are planted wherever one can be, requests succeed and fail, and then everything that came out is searched.

Promised, for logs at any level, error pages, answers, metrics, the process list, error reports and traces:

- the value of a setting that is declared `secret`, and the password inside such a URL, are never found, whoever
  writes them and however;
- nor is what follows a name that speaks of a secret (`password=`, `"api_key":`), what authenticates in a URL or
  after `Bearer` and its like, or a token that can be told by its form;
- nor is anything of a request's body, query, cookies, or of a header that is not on a list, unless the code says it:
  no library does it by itself, neither on failure nor when logging at DEBUG, and PostgreSQL's errors, which quote
  the value that they did not understand, are cut;
- nor are the variables of the code that failed.

Not promised: what the service's own code writes without a name into a message of a log line or an exception goes
out as it is, if it is not known to be secret. So does the path of a request: nothing secret belongs there. And when
an exception ends a command, Python itself prints it to the terminal.
"""

import secrets
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.config import Production
from app.config.setting import settings_of
from tests.receiver import receiving
from tests.stack.conftest import running, until

CLOSED = "127.0.0.1:1"
SETTINGS = {name for name, declared in settings_of(Production).items() if declared.secret}
LEVELS = [("DEBUG", "json"), ("INFO", "console")]
EXTRAS = {
    "S3_SECRET_KEY": "minio",
    "OTEL_EXPORTER_OTLP_HEADERS": "opentelemetry",
}
PLACES = [
    "answers",
    "metrics",
    "process list",
    "stdout",
    "stderr",
    "log file",
    "error reports",
    "traces",
]
# Where a secret has to be, and why.
MEANT = {
    "answers": "our own cookie",  # a browser sends it back
    "error reports": "SENTRY_DSN",  # Sentry knows by its key whose report it is
}


class Canaries(dict):
    """Secrets by the place where they were planted, each made when it is first asked for."""

    def __missing__(self, name):
        self[name] = secrets.token_hex(20)
        return self[name]

    def found_in(self, text):
        """Return the places of the secrets of which a good part, from either end, is in `text`, and what is around."""
        found = {name: max(text.find(value[:12]), text.find(value[-12:])) for name, value in self.items()}
        return {name: text[max(0, at - 100) : at + 60] for name, at in found.items() if at >= 0}


def configuration(canaries, stack_environment, receiver):
    """Every secret setting, as a secret of its own, and whatever must be set for it to be accepted."""
    url = make_url(stack_environment["DATABASE_URL"]).set(password=canaries["DATABASE_URL"])
    secret = {
        "SECRET_KEY": canaries["SECRET_KEY"],
        "SECRET_KEY_FALLBACKS": canaries["SECRET_KEY_FALLBACKS"],
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "REDIS_URL": f"redis://:{canaries['REDIS_URL']}@{CLOSED}/0",
        "SENTRY_DSN": receiver.dsn.replace("publickey", canaries["SENTRY_DSN"]),
        "MAIL_PASSWORD": canaries["MAIL_PASSWORD"],
    }
    if find_spec("minio"):
        secret["S3_SECRET_KEY"] = canaries["S3_SECRET_KEY"]
    if find_spec("opentelemetry"):
        secret["OTEL_EXPORTER_OTLP_HEADERS"] = f"X-Given={canaries['OTEL_EXPORTER_OTLP_HEADERS']}"
    beside = {
        "MAIL_SERVER": "127.0.0.1",
        "MAIL_FROM": "no-reply@example.org",
        "MAIL_USERNAME": "slipway",
        "SENTRY_TRACES_SAMPLE_RATE": "1",
    }
    if "S3_SECRET_KEY" in secret:
        beside |= {"S3_ENDPOINT": f"https://{CLOSED}", "S3_REGION": "r", "S3_BUCKET": "b", "S3_ACCESS_KEY": "access"}
    if "OTEL_EXPORTER_OTLP_HEADERS" in secret:
        beside |= {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_TRACES_SAMPLER_ARG": "1"}
    return secret | beside


def drive(service, canaries, plain):
    """Send requests that carry secrets in all their parts, and return the answers."""
    headers = {
        "Authorization": f"Bearer {canaries['authorization']}",
        "Proxy-Authorization": f"Basic {canaries['proxy authorization']}",
        "X-Api-Key": canaries["x-api-key"],
        "X-Anything": canaries["a header"],
        "X-Accept-Anything": canaries["a header whose name contains one of the list"],
        "Referer": f"https://example.org/?q={canaries['referer']}",
        "Cookie": f"__Host-session={canaries['session cookie']}; theme={canaries['another cookie']}",
        "X-Named": canaries["labelled in a message"],
        "X-Plain": plain,
        "X-Request-ID": plain,
    }
    query = {"token": canaries["query, named"], "q": canaries["query"]}
    post = {
        "json": {"json": {"title": canaries["json"], "password": canaries["json, named"]}},
        "broken json": {"content": f'{{"title": "{canaries["broken json"]}'},
        "form": {"data": {"title": canaries["form"], "password": canaries["form, named"]}},
        "multipart": {"files": {"file": (canaries["file name"], canaries["file"])}},
    }
    operations = service.get("/openapi.json").json()["paths"]
    takes_a_body = [path for path, methods in operations.items() if "post" in methods]
    client = service.new_client(**headers)
    with client:
        yield client.get("/", params=query)
        yield client.get(f"/nothing/{plain}", params=query)
        yield client.get("/", params=query, headers={"Host": "evil.example"})
        yield client.get("/v1/stack/backend/1", params=query)
        for body in post.values():
            yield client.post("/v1/ping", params=query, **body)
            for path in takes_a_body:
                yield client.post(path, params=query, **body)
            yield client.post("/v1/stack/echo", params=query, **body)
            for failure in ("none", "message", "value", "statement", "log", "thread"):
                yield client.post(f"/v1/stack/secrets/{failure}", params=query, **body)
    with service.new_client(**{"X-Named": canaries["labelled in a message"], "X-Plain": plain}) as browser:
        yield browser.get("/v1/stack/secrets/none", headers={"Authorization": f"Basic {canaries['basic']}"})
        for cookie in browser.cookies.jar:
            canaries[f"our own cookie at {service.port}"] = cookie.value
            browser.headers["Cookie"] = f"{cookie.name}={cookie.value}"  # the jar keeps Secure ones from plain HTTP
        yield browser.get("/v1/stack/secrets/message")


def process_list():
    """Return what `ps` shows to everybody on the machine."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it has ended meanwhile
    return "\n".join(lines)


@pytest.fixture(scope="module", params=LEVELS, ids="-".join)
def run(request, tmp_path_factory, stack_environment):
    """A whole run: the secrets, the plain word that was planted beside them, and what came out, place by place."""
    level, form = request.param
    canaries, plain, folder = Canaries(), f"plain-{secrets.token_hex(12)}", tmp_path_factory.mktemp("canary")
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving())
        environ = stack_environment | configuration(canaries, stack_environment, receiver)
        environ |= {"LOG_LEVEL": level, "LOG_FORMAT": form, "LOG_FILE": str(folder / "log")}
        unreachable = environ | {"DATABASE_URL": f"postgresql://app:{canaries['unreachable']}@{CLOSED}/nothing"}
        places = dict.fromkeys(PLACES, "")
        for name, variables in {"service": environ, "unreachable": unreachable}.items():
            service = stack.enter_context(running(folder / name, variables))
            until(service.is_ready)
            answers = list(drive(service, canaries, plain))
            assert {answer.status_code for answer in answers} >= {200, 400, 404, 500}
            places["answers"] += "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers)
            places["answers"] += service.get("/readyz").text
            places["metrics"] += service.internal("/metrics").text
            places["process list"] += process_list()
            assert service.stop() == 0
            places["stdout"] += service.stdout()
            places["stderr"] += service.stderr()
        places["log file"] = (folder / "log").read_text()
        places["error reports"] = b"\n".join(receiver.bodies).decode()
        places["traces"] = b"\n".join(receiver.traces).decode(errors="replace")
        yield canaries, plain, places


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_found(run, place):
    canaries, _, places = run
    found = canaries.found_in(places[place])
    assert {name: around for name, around in found.items() if not name.startswith(MEANT.get(place, "-"))} == {}


@pytest.mark.parametrize("place", PLACES)
def test_what_was_planted_in_the_open_is_found(run, place):
    _, plain, places = run
    expected = {
        "metrics": "/v1/stack/secrets/<failure>",
        "process list": "service:app",
        "traces": "/v1/stack/secrets/<failure>",
    }
    if place == "traces" and not find_spec("opentelemetry"):
        pytest.skip("no traces without the extra `tracing`")
    assert expected.get(place, plain) in places[place]


def test_every_secret_setting_is_among_the_planted(run):
    left_out = {name for name, module in EXTRAS.items() if not find_spec(module)}
    assert SETTINGS - left_out <= set(run[0])
