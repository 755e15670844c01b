"""deploy/docker/front on a real Nginx, before the real edge: what a visitor by TLS gets, and what the service knows."""

import json
import re
import ssl
import subprocess
from contextlib import contextmanager

import pytest

from app.preflight import answers, edge
from app.preflight.asking.arriving import arrive
from app.preflight.asking.site import Site
from app.preflight.checks import checks_in
from app.preflight.running import Report, run
from tests.conftest import PROJECT
from tests.containers.compose.stack import GENEROUS_SECONDS, smoke, until
from tests.nginx import builds, sites
from tests.nginx.copies import adapted, laid_out, scratch_root
from tests.nginx.sites import NAME
from tests.stack.front import make_certificate

pytestmark = pytest.mark.docker

FRONT = PROJECT / "deploy/docker/front"
SITE = PROJECT / "deploy/nginx/slipway.conf"
HEADERS = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Cache-Control",
    "X-Request-ID",
)


@contextmanager
def running(certificate, port):
    """Run the machine's Nginx with the front before that port until the block ends."""
    build = builds.find("debian")
    assert build, "apt-get install --no-install-recommends nginx-light"
    with scratch_root() as root:
        ports = laid_out(root, build, certificate)
        text = (FRONT / "slipway.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        (root / "etc/nginx/conf.d/slipway.conf").write_text(adapted(text, root, ports, build.lacks))
        site = sites.Site(build, root, ports)
        process = subprocess.Popen(sites.command(build, root))
        try:
            until(lambda: process.poll() is not None or all(sites.listens(ports[each]) for each in ("80", "443")))
            assert process.poll() is None, site.errors()
            yield site
        finally:
            process.terminate()
            process.wait(GENEROUS_SECONDS)


@pytest.fixture(scope="module")
def front(production, tmp_path_factory):
    """That Nginx, with a certificate of its own making, before the stack."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = make_certificate(folder, days=90, name=NAME)
    certificate.rename(folder / "fullchain.pem")
    key.rename(folder / "privkey.pem")
    with running(folder, production.port) as front:
        until(lambda: front.get("/readyz").status == 200)
        yield front


def line_of(stack, service, request_id):
    """Return what a service has logged about a request."""

    def found():
        lines = [json.loads(line) for line in stack.logs(service).splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("request_id") == request_id and "client.address" in line]

    [line] = until(found)
    return line


def test_the_service_knows_that_it_was_asked_over_tls_and_by_whom_whatever_the_client_claims(front, production):
    forged = {"X_Forwarded_For": "203.0.113.7", "X_Forwarded_Proto": "http", "X_Real_IP": "203.0.113.7"}
    answer = front.get("/v1/ping", X_Request_ID="asked-by-tls", **forged)
    assert answer.status == 200  # one that came without TLS would be redirected
    for service in ("edge", "web"):
        assert line_of(production, service, "asked-by-tls")["client.address"] == "127.0.0.1"
    assert front.line("asked-by-tls")["client.address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/v1/ping", 200),
        ("GET", "/nothing", 404),
        ("GET", "/static/error.css", 200),
        ("GET", "/static/app.css", 200),
        ("GET", "/metrics", 404),
        ("GET", "/.git/config", 404),
        ("POST", "/v1/ping", 405),
    ],
)
def test_every_answer_has_every_header_once(front, method, path, status):
    answer = front.ask(method, path)
    assert answer.status == status
    assert [name for name in HEADERS if answer.header(name) is None] == []


def test_at_the_port_of_the_edge_too_other_names_are_not_served(production):
    with production.client() as client:
        answer = client.get("/v1/ping", headers={"Host": "other.example", "X-Forwarded-Proto": "https"})
    assert answer.status_code == 400


def test_what_is_too_large_is_refused_in_front(front):
    answer = front.ask("POST", "/v1/ping", b"x" * 1_048_577)
    assert answer.status == 413
    assert answer.header("Content-Type") == "application/problem+json"


def test_plain_http_is_redirected_and_other_names_are_not_served(front):
    answer = front.ask("GET", "/v1/ping?a=b", port="80")
    assert (answer.status, answer.header("Location")) == (308, f"https://{NAME}/v1/ping?a=b")
    assert front.raw(b"GET / HTTP/1.1\r\nHost: other.example\r\n\r\n", port="80") == b""
    with pytest.raises(ssl.SSLError):
        front.connection(name="other.example").connect()


def test_while_nobody_is_behind_it_a_page_says_so(front, production):
    production.compose("stop", "edge")
    try:
        answer = front.get("/", Accept="text/html")
        assert (answer.status, answer.header("Retry-After")) == (502, "5")
        assert [name for name in HEADERS if answer.header(name) is None] == []
        assert b"The service does not answer" in answer.body
    finally:
        production.compose("start", "edge")
        until(lambda: front.get("/readyz").status == 200)


def test_the_smoke_test_finds_nothing_wrong(front):
    certificate = front.root / "etc/slipway/tls/fullchain.pem"
    url = f"https://{NAME}:{front.ports['443']}"
    result = smoke(url, "--resolve", "127.0.0.1", "--cacert", certificate, "--write")
    assert result.returncode == 0, result.stdout
    assert " 0 failed" in result.stdout


def test_preflight_finds_nothing_to_mend_from_outside(front, say):
    site = Site(
        f"https://{NAME}",
        address="127.0.0.1",
        http_port=front.ports["80"],
        cafile=str(front.root / "etc/slipway/tls/fullchain.pem"),
        seconds=60,
        deadline=GENEROUS_SECONDS,
    )
    site.port = front.ports["443"]
    arrive(site)
    report = Report()
    run(checks_in(edge, answers), site, report)
    say(f"{len(report.passed)} passed, not checked: {', '.join(sorted({each.check for each in report.not_checked}))}")
    assert report.findings == []


def test_preflight_finds_nothing_to_mend_from_inside(production, say):
    result = production.compose("exec", "--no-TTY", "web", "flask", "preflight", check=False)
    say(result.stdout.splitlines()[-1])
    assert result.returncode == 0, result.stdout + result.stderr


def blocks(text):
    """Return the servers and maps of a site without their comments."""
    plain = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    return {
        re.sub(r"\s*#.*", "", block) for block in re.findall(r"^\w[^\n]* \{\n.*?^\}", plain, re.MULTILINE | re.DOTALL)
    }


def test_who_asks_for_another_name_and_plain_http_get_the_same_as_without_containers():
    ours, shipped = blocks((FRONT / "slipway.conf").read_text()), blocks(SITE.read_text())
    different = [block.splitlines()[0] + block.splitlines()[1] for block in ours - shipped]
    assert sorted(different) == ["server {    listen 443 ssl http2;", "upstream slipway {    server 127.0.0.1:8080;"]


def test_it_says_where_it_is_installed_and_how_it_is_checked():
    for path in FRONT.iterdir():
        beginning = "\n".join(path.read_text().splitlines()[:6])
        assert re.search("nstalled as /etc/nginx/|ounted as /etc/nginx/", beginning)
        assert "Check:" in beginning
