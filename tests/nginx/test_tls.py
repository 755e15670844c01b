"""How the site speaks TLS: versions, suites, sessions, HTTP/2."""

import shutil
import socket
import ssl
import subprocess

import pytest

from tests.nginx import sites
from tests.nginx.conftest import issued
from tests.nginx.sites import NAME

pytestmark = pytest.mark.nginx


def s_client(site, *arguments):
    """Return what openssl says of a handshake, whatever becomes of it."""
    address = ["-connect", f"127.0.0.1:{site.ports['443']}", "-servername", NAME]
    done = subprocess.run(["openssl", "s_client", *address, *arguments], input=b"", capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize(("version", "spoken"), [("1_1", False), ("1", False), ("1_2", True), ("1_3", True)])
def test_tls_is_1_2_or_1_3(site, version, spoken):
    said = s_client(site, f"-tls{version}", *([] if spoken else ["-cipher", "ALL:@SECLEVEL=0"]))
    assert ("Cipher is (NONE)" not in said) is spoken, said


@pytest.fixture(scope="module", params=["ec", "rsa"])
def keyed(request, build, tmp_path_factory):
    """A site with a certificate of either kind, for each has suites of its own."""
    made = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], "rsa": ["-newkey", "rsa:2048"]}
    with sites.running(build, issued(tmp_path_factory.mktemp("tls"), made[request.param])) as site:
        site.kind = request.param
        yield site


def test_every_suite_that_is_accepted_is_one_of_mozillas_intermediate(keyed):
    context = ssl.create_default_context()
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    known = {suite["name"] for suite in context.get_ciphers() if suite["protocol"] != "TLSv1.3"}
    assert len(known) > 50
    names = {"ec": "ECDHE-ECDSA", "rsa": "ECDHE-RSA"}[keyed.kind]
    intermediate = {f"{names}-{cipher}" for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")}
    assert {suite for suite in known if accepts(keyed, suite)} == intermediate


def accepts(site, suite):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"{suite}:@SECLEVEL=0")
    try:
        with socket.create_connection(("127.0.0.1", site.ports["443"])) as plain:
            context.wrap_socket(plain, server_hostname=NAME).close()
    except ssl.SSLError:
        return False
    return True


def test_the_client_chooses_among_them(site):
    for suite in ("AES256-GCM-SHA384", "CHACHA20-POLY1305"):
        rest = ":ECDHE-ECDSA-AES128-GCM-SHA256"
        assert f"Cipher is ECDHE-ECDSA-{suite}" in s_client(site, "-tls1_2", "-cipher", f"ECDHE-ECDSA-{suite}{rest}")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_is_resumed_without_a_ticket_that_holds_its_key(site, tmp_path, version):
    # An empty line has the request sent and its answer read, and with it the session of TLS 1.3.
    kept = tmp_path / "session"
    request = f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
    address = ["-connect", f"127.0.0.1:{site.ports['443']}", "-servername", NAME, version, "-ign_eof"]
    for option, expected in ((["-sess_out", kept], b"New, TLS"), (["-sess_in", kept], b"Reused, TLS")):
        command = ["openssl", "s_client", *address, *option]
        said = subprocess.run(command, input=request, capture_output=True, check=True).stdout
        assert expected in said, said
    if version == "-tls1_3":
        assert b"lifetime hint: 86400" in said
    if version == "-tls1_2":
        assert "TLS session ticket:" not in s_client(site, version)


@pytest.mark.parametrize(("offered", "chosen"), [(["h2", "http/1.1"], "h2"), (["http/1.1"], "http/1.1")])
def test_http_2_is_chosen_by_who_knows_it(site, offered, chosen):
    plain = socket.create_connection(("127.0.0.1", site.ports["443"]))
    with site.context(*offered).wrap_socket(plain, server_hostname=NAME) as tls:
        assert tls.selected_alpn_protocol() == chosen


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
@pytest.mark.parametrize(("path", "status"), [("/v1/ping", "200"), ("/static/error.css", "200"), ("/.env", "404")])
def test_requests_over_http_2_are_answered_with_all_headers(site, path, status):
    address = f"https://{NAME}:{site.ports['443']}{path}"
    local = ["--connect-to", f"{NAME}::127.0.0.1:", "--cacert", site.root / "etc/slipway/tls/fullchain.pem"]
    command = ["curl", "--silent", "--http2", "--dump-header", "-", "--output", "/dev/null", *local, address]
    head = subprocess.run(command, capture_output=True, text=True, check=True).stdout.lower()
    assert head.startswith(f"http/2 {status}")
    for name in ("strict-transport-security", "content-security-policy", "x-content-type-options", "x-request-id"):
        assert head.count(f"\n{name}: ") == 1, name
