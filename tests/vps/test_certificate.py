"""TLS on the machine: a certificate of a real authority, its renewals, and what happens when one fails."""

import re
import socket
import ssl
import subprocess
import threading

import pytest

from tests.conftest import PROJECT
from tests.vps import acme

pytestmark = pytest.mark.vps

HOST = "app.test"
GENEROUS_SECONDS = 60
REQUEST = f"GET /v1/ping HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture(scope="module")
def authority(server, tmp_path_factory):
    """An authority that the machine trusts, and in whose DNS the machine is `HOST`."""
    with acme.issuing(tmp_path_factory.mktemp("acme"), towards=server.address) as authority:
        authority.point(HOST, server.address)
        server.put(authority.trust, "/usr/local/share/ca-certificates/acme-test.crt")
        server.run("update-ca-certificates")
        yield authority
        server.run("certbot delete --non-interactive --cert-name slipway", check=False)
        server.run("slipway serve-certificate /etc/slipway/tls-selfsigned")
        server.run("rm /usr/local/share/ca-certificates/acme-test.crt && update-ca-certificates --fresh")


@pytest.fixture(scope="module")
def trusting(authority, tmp_path_factory):
    """The file of the root that browsers would trust."""
    root = tmp_path_factory.mktemp("root") / "root.pem"
    root.write_text(authority.root())
    return root


@pytest.fixture(scope="module")
def certified(server, authority):
    """The machine with a certificate."""
    server.run(f"slipway certificate --server {authority.url} --email operator@{HOST}")
    return server


def ask(server, root):
    """Ask the service over a connection of its own, and return the status and the serial number of the certificate."""
    context = ssl.create_default_context(cafile=root)
    with (
        socket.create_connection((server.address, 443), GENEROUS_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=HOST) as tls,
    ):
        tls.sendall(REQUEST)
        answer = b"".join(iter(lambda: tls.recv(65_536), b""))
        return int(answer.split()[1]), tls.getpeercert()["serialNumber"]


def shown(server):
    """Return the certificate that the machine shows, trusted or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((server.address, 443), GENEROUS_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=HOST) as tls,
    ):
        return tls.getpeercert(binary_form=True)


def instances(server):
    """Return which processes serve, and how often each has been started again."""
    show = "systemctl show --property=Id,MainPID,NRestarts 'slipway-web@*.service' 'slipway-worker@*.service'"
    return server.run(show).stdout


def due(server, *, renewal):
    """Have certbot think that the certificate is due, or not: those of this authority are good for years."""
    settings = "/etc/letsencrypt/renewal/slipway.conf"
    server.run(f"sed -i '/^renew_before_expiry/d' {settings}")
    if renewal:
        server.run(f"sed -i '1i renew_before_expiry = 3000 days' {settings}")


class Load:
    """A client that asks without a pause, over a new connection each time, while the block lasts."""

    def __init__(self, server, root):
        self.answers, self.errors = [], []
        self._asking = threading.Event()
        self._arguments = server, root
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def _ask(self):
        while self._asking.is_set():
            try:
                self.answers.append(ask(*self._arguments))
            except OSError as error:
                self.errors.append(error)

    def __enter__(self):
        self._asking.set()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._asking.clear()
        self._thread.join(GENEROUS_SECONDS)


def test_a_dry_run_asks_the_authority_and_changes_nothing(server, authority):
    before = shown(server), server.run("readlink /etc/slipway/tls").stdout
    said = server.run(f"slipway certificate --server {authority.url} --dry-run").stdout
    assert f"Getting a certificate for {HOST} from {authority.url}, only to see" in said
    assert f"Nothing was changed.\nNext: slipway certificate --server {authority.url}\n" in said
    assert (shown(server), server.run("readlink /etc/slipway/tls").stdout) == before
    assert server.run("test -e /etc/letsencrypt/live/slipway", check=False).returncode == 1


@pytest.mark.parametrize(
    ("elsewhere", "words"),
    [
        ([], "finds no address of app.test in DNS"),
        (["127.0.0.79"], "gets no answer at port 80"),
        (["127.0.0.80"], "an answer at port 80 of app.test that is not from this Nginx"),
    ],
    ids=["no address", "nobody there", "somebody else"],
)
def test_an_authority_that_does_not_find_the_machine_is_explained(server, authority, elsewhere, words):
    before = shown(server)
    authority.point(HOST, *elsewhere)
    try:
        with acme.somebody_else(at="127.0.0.80"):
            result = server.run(f"slipway certificate --server {authority.url}", check=False)
    finally:
        authority.point(HOST, server.address)
    assert result.returncode == 1
    assert words in result.stderr
    assert f"Next: slipway certificate --server {authority.url} --dry-run\n" in result.stderr
    assert shown(server) == before


def test_a_dry_run_asks_and_names_the_staging_server_of_lets_encrypt_and_leads_to_no_second_one(server):
    result = server.run("slipway certificate --dry-run", check=False)
    staging = "https://acme-staging-v02.api.letsencrypt.org/directory"
    assert f"Getting a certificate for {HOST} from {staging}, only to see" in result.stdout
    assert result.returncode == 1  # no machine of these tests can reach it
    assert "does not reach the authority" in result.stderr
    assert f"Next: curl --head {staging}\n" in result.stderr


def test_an_authority_that_cannot_be_reached_is_explained(server):
    result = server.run("slipway certificate --server https://127.0.0.1:1/dir", check=False)
    assert result.returncode == 1
    assert "this machine does not reach the authority" in result.stderr


def test_an_authority_that_issues_no_more_is_explained(server, authority):
    with acme.refusing(authority.trust.parent, authority) as url:
        result = server.run(f"slipway certificate --server {url}", check=False)
    assert result.returncode == 1
    assert "issues no more for now" in result.stderr
    assert "too many new registrations" in result.stderr  # with the words of the authority, which say until when


@pytest.mark.parametrize("url", ["http://app.test", "https://192.0.2.1", "https://app.test:8443", "https://localhost"])
def test_what_no_authority_would_certify_is_refused_at_once(server, url):
    server.run("cp -p /etc/slipway/settings /etc/slipway/settings.kept")
    try:
        server.run(f"sed -i 's|^PUBLIC_URL=.*|PUBLIC_URL={url}|' /etc/slipway/settings")
        result = server.run("slipway certificate", check=False)
    finally:
        server.run("mv /etc/slipway/settings.kept /etc/slipway/settings")
    assert result.returncode == 1
    assert f"'{url}'" in result.stderr


def test_an_authority_is_not_asked_where_nginx_would_not_show_what_it_looks_for(server, authority):
    server.run("chmod 0700 /var/lib/slipway/acme")
    try:
        result = server.run(f"slipway certificate --server {authority.url}", check=False)
    finally:
        server.run("chmod 0755 /var/lib/slipway/acme")
    assert result.returncode == 1
    assert "Nginx does not show what is in /var/lib/slipway/acme" in result.stderr


def test_a_certificate_is_got_and_shown(certified, trusting):
    status, _ = ask(certified, trusting)
    assert status == 200
    text = certified.run("openssl x509 -in /etc/slipway/tls/fullchain.pem -noout -text").stdout
    assert "ASN1 OID: prime256v1" in text
    assert certified.run("systemctl is-enabled certbot.timer && systemctl is-active certbot.timer").stdout
    permissions = "stat --dereference --format '%U %a' /etc/slipway/tls /etc/slipway/tls/privkey.pem"
    assert certified.run(permissions).stdout.split("\n")[:2] == ["root 700", "root 600"]


def test_the_service_passes_its_smoke_test_over_it(certified, trusting):
    script = PROJECT / "deploy/smoke_test.sh"
    command = [script, "--resolve", certified.address, "--cacert", trusting, "--write", f"https://{HOST}"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_asking_again_changes_nothing(certified, authority, trusting):
    before = ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout
    certified.run(f"slipway certificate --server {authority.url}")
    assert (ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout) == before


def test_the_timer_renews_it_without_a_failed_request_or_a_restart(certified, trusting, say):
    processes, (_, before) = instances(certified), ask(certified, trusting)
    due(certified, renewal=True)
    try:
        with Load(certified, trusting) as load:
            certified.run("systemctl start certbot.service")
            ask(certified, trusting)
    finally:
        due(certified, renewal=False)
    _, after = ask(certified, trusting)
    assert after != before
    assert load.errors == []
    assert {status for status, _ in load.answers} == {200}
    assert {serial for _, serial in load.answers} <= {before, after}
    assert len(load.answers) > 10
    say(f"{len(load.answers)} requests around a renewal, {len(load.errors)} failed")
    assert instances(certified) == processes


def test_a_renewal_that_fails_leaves_what_there_is(certified, authority, trusting):
    before = ask(certified, trusting)
    authority.point(HOST)
    due(certified, renewal=True)
    try:
        assert certified.run("systemctl start certbot.service", check=False).returncode != 0
        assert certified.run(f"slipway certificate --server {authority.url} --force", check=False).returncode == 1
    finally:
        authority.point(HOST, certified.address)
        due(certified, renewal=False)
        certified.run("systemctl reset-failed certbot.service")
    assert ask(certified, trusting) == before


def test_a_renewed_one_that_nginx_could_not_take_is_shown_as_soon_as_it_can(certified, trusting):
    before = ask(certified, trusting)
    certified.run("echo 'nonsense;' >/etc/nginx/conf.d/zz-nonsense.conf")
    try:
        certified.run("certbot renew --force-renewal --cert-name slipway --no-random-sleep-on-renew", check=False)
        assert ask(certified, trusting) == before
        assert certified.run("systemctl start certbot.service", check=False).returncode != 0  # for somebody to see
    finally:
        certified.run("rm /etc/nginx/conf.d/zz-nonsense.conf")
    certified.run("systemctl start certbot.service")
    assert ask(certified, trusting)[1] != before[1]


def make_pair(server, options):
    """Make a certificate that vouches for itself, by these options of openssl, in a folder of the machine."""
    kind = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    pair = "-keyout /root/pair/privkey.pem -out /root/pair/fullchain.pem"
    server.run(f"rm -rf /root/pair && mkdir /root/pair && openssl req -x509 {kind} {options} {pair}")


OURS = f"-subj /CN={HOST} -addext subjectAltName=DNS:{HOST}"
OTHERS = "-subj /CN=example.org -addext subjectAltName=DNS:example.org"
ANOTHER_KEY = "openssl ecparam -name prime256v1 -genkey -noout -out /root/pair/privkey.pem"
LATE = (
    f"openssl req -new -key /root/pair/privkey.pem {OURS} | openssl x509 -req -signkey /root/pair/privkey.pem"
    " -days -1 -copy_extensions copy -out /root/pair/fullchain.pem"
)


@pytest.mark.parametrize(
    ("options", "spoil", "words"),
    [
        (f"{OURS} -days 2", ANOTHER_KEY, "is not the key"),
        (f"{OURS} -days 2", "rm /root/pair/privkey.pem", "has no fullchain.pem and privkey.pem"),
        (f"{OURS} -days 2", "echo nonsense >/root/pair/fullchain.pem", "is not the key"),
        (f"{OTHERS} -days 2", "true", "is not for app.test"),
        (f"{OURS} -days 2", LATE, "has ended"),
    ],
    ids=["another key", "no key", "no certificate", "another host", "ended"],
)
def test_a_pair_that_no_browser_would_take_is_refused(certified, trusting, options, spoil, words):
    before = ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout
    make_pair(certified, options)
    certified.run(spoil)
    result = certified.run("slipway serve-certificate /root/pair", check=False)
    assert result.returncode == 1
    assert words in result.stderr
    assert (ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout) == before


def test_when_nginx_refuses_to_read_anew_the_former_is_back_in_its_place(certified, trusting):
    before = ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout
    make_pair(certified, f"{OURS} -days 2")
    certified.run("echo 'nonsense;' >/etc/nginx/conf.d/zz-nonsense.conf")
    try:
        result = certified.run("slipway serve-certificate /root/pair", check=False)
    finally:
        certified.run("rm /etc/nginx/conf.d/zz-nonsense.conf")
    assert result.returncode == 1
    assert "the former is back" in result.stderr
    assert (ask(certified, trusting), certified.run("readlink /etc/slipway/tls").stdout) == before
    assert certified.run("ls /etc/slipway/certificates | wc -l").stdout.strip() in {"1", "2"}


def test_a_pair_of_ones_own_can_be_shown_and_taken_back(certified, trusting):
    before = ask(certified, trusting)
    make_pair(certified, f"{OURS} -days 2")
    assert "Would have Nginx show" in certified.run("slipway serve-certificate --dry-run /root/pair").stdout
    assert ask(certified, trusting) == before
    certified.run("slipway serve-certificate /root/pair")
    own = certified.run("cat /root/pair/fullchain.pem").stdout
    assert shown(certified) == ssl.PEM_cert_to_DER_cert(own)
    said = certified.run("slipway serve-certificate").stdout
    assert re.search(r"Nginx shows the certificate for app\.test that ends .* GMT\.", said)
    assert ask(certified, trusting) == before


@pytest.mark.parametrize("command", ["certificate", "serve-certificate"])
def test_each_command_explains_itself_and_refuses_what_it_does_not_know(server, command):
    said = server.run(f"slipway {command} --help").stdout
    assert f"slipway {command} [" in said
    result = server.run(f"slipway {command} --surprise", check=False)
    assert (result.returncode, result.stdout) == (2, "")
