import socket
import ssl
import threading
import warnings
from contextlib import contextmanager, suppress

import pytest

from app.preflight.asking.arriving import arrive
from app.preflight.asking.site import Site
from app.preflight.edge import tls
from tests.preflight.conftest import at
from tests.preflight.looking import found, passes
from tests.stack.conftest import GENEROUS_SECONDS
from tests.stack.front import make_certificate


@contextmanager
def greeting(folder, version=None, **certificate):
    """A server that greets over TLS, by one version if one is named, and says nothing; yields the site."""
    made, key = make_certificate(folder, **certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    if version:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as greeted:
                    greeted.recv(1)

        def until_closed():
            with suppress(OSError):
                serve()

        serving = threading.Thread(target=until_closed)
        serving.start()
        try:
            url = f"https://localhost:{listener.getsockname()[1]}"
            yield Site(url, cafile=str(made), seconds=GENEROUS_SECONDS, deadline=600)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()


def test_a_trusted_certificate_of_months_is_well(site):
    assert passes(tls.certificate, site)


def test_a_certificate_that_ends_soon_is_found(tmp_path):
    with greeting(tmp_path, days=5) as site:
        assert found(tls.certificate, site) == ["high: It ends in 4 days."]


def test_a_certificate_that_nobody_trusts_is_found(front):
    site = at(front, cafile=None)
    arrive(site)
    assert found(tls.certificate, site) == ["critical: It is not accepted: self-signed certificate."]


def test_a_certificate_for_another_name_is_found(tmp_path):
    with greeting(tmp_path, days=90, name="another.test") as site:
        with pytest.raises(Exception, match="is not answered"):
            arrive(site)
        [said] = found(tls.certificate, site)
    assert said.startswith("critical: It is not accepted: Hostname mismatch")


def test_broken_protocols_that_are_refused_are_well(site):
    assert passes(tls.versions, site)


@pytest.mark.parametrize(("version", "name"), tls.ABANDONED.items())
def test_a_broken_protocol_that_is_spoken_is_found(version, name, tmp_path):
    with greeting(tmp_path, version, days=90) as site:
        assert found(tls.versions, site) == [f"high: {name} is spoken."]


def test_http2_that_is_offered_is_well(site):
    assert passes(tls.http2, site)


def test_http2_that_is_missing_is_found(tmp_path):
    with greeting(tmp_path, days=90) as site:
        assert found(tls.http2, site) == ["low: No protocol was chosen."]
