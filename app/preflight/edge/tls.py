"""TLS: a certificate that browsers believe, for weeks to come, and no protocol that is broken."""

import ssl
import time
import warnings
from collections.abc import Iterator

from app.preflight.asking.connection import reason
from app.preflight.asking.site import Site, doubting
from app.preflight.checks import NotHereError, Wrong, check

FEWEST_DAYS = 14  # as the alert CertificateExpiresSoon
ABANDONED = {ssl.TLSVersion.TLSv1: "TLS 1.0", ssl.TLSVersion.TLSv1_1: "TLS 1.1"}
# What a client says when it does not know the protocol itself.
OUR_OWN = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH", "INTERNAL_ERROR", "LIBRARY_BUG")


@check(
    "certificate",
    "critical",
    promise="The certificate is trusted, is for this name, and lasts for 14 days at least.",
    why="Browsers show a warning in place of the service, and with HSTS there is no way past it.",
)
def certificate(site: Site) -> Iterator[Wrong]:
    """Ask as a browser does; renewal is due long before the last 14 days."""
    if site.distrust:
        yield Wrong(f"It is not accepted: {site.distrust}.", "Get one for this name; on a VPS: slipway certificate.")
        return
    with site.over_tls(site.trusting) as connection:
        shown = connection.getpeercert() or {}
    days = int((ssl.cert_time_to_seconds(str(shown["notAfter"])) - time.time()) // 86_400)
    if days < FEWEST_DAYS:
        yield Wrong(
            f"It ends in {days} days.", "See why it is not renewed; on a VPS: systemctl status certbot.timer", "high"
        )


@check(
    "tls-versions",
    "high",
    promise="TLS 1.0 and 1.1 are refused.",
    why="RFC 8996 has abandoned both; whoever sits in between can weaken them.",
)
def versions(site: Site) -> Iterator[Wrong]:
    """Try to speak each, and nothing else, with whatever ciphers there are."""
    for version, name in ABANDONED.items():
        try:
            site.over_tls(_only(version)).close()
        except ssl.SSLError as error:
            if error.reason in OUR_OWN:
                how = f"openssl s_client -connect {site.host}:{site.port} -tls1_1, from a machine that can"
                raise NotHereError(f"this machine's OpenSSL does not speak {name} ({reason(error)})", how) from error
        except ValueError as error:
            raise NotHereError(
                f"this machine's OpenSSL was made without {name}", "nmap --script ssl-enum-ciphers"
            ) from error
        else:
            yield Wrong(f"{name} is spoken.", "ssl_protocols TLSv1.2 TLSv1.3; in Nginx, for the default server too.")


def _only(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = doubting()
    context.set_ciphers("ALL:@SECLEVEL=0")  # OpenSSL forbids itself what these versions need
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that they are abandoned is the point
        context.minimum_version = context.maximum_version = version
    return context


@check(
    "http2",
    "low",
    promise="HTTP/2 is offered.",
    why="Over HTTP/1.1 a browser fetches six files at once, and waits with the rest.",
)
def http2(site: Site) -> Iterator[Wrong]:
    """Offer it, as browsers do (ALPN)."""
    context = doubting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with site.over_tls(context) as connection:
        chosen = connection.selected_alpn_protocol()
    if chosen != "h2":
        yield Wrong(
            f"{chosen or 'No protocol'} was chosen.", "http2 on; in Nginx, before 1.25.1: listen 443 ssl http2;"
        )
