"""The shipped Nginx in front of a machine, and a client of it."""

import logging
import ssl
from contextlib import contextmanager

import httpx

from tests.nginx import builds, sites
from tests.stack.conftest import GENEROUS_SECONDS, until

# It would report each of many requests, in whatever way an application has set up the logs.
logging.getLogger("httpx").setLevel(logging.ERROR)


def called_by_name(request):
    """Have TLS ask for the site's name, which leads to no address here."""
    request.extensions["sni_hostname"] = sites.NAME


@contextmanager
def in_front_of(machine, certificate):
    """Run Nginx before the live instance of `machine` until the block ends; yield a client."""
    build = builds.find("debian")
    assert build, "there is no Nginx on this machine: apt-get install --no-install-recommends nginx-light"
    with sites.running(build, certificate) as site:
        site.serve(machine.state / "live")
        with httpx.Client(
            base_url=f"https://127.0.0.1:{site.ports['443']}",
            headers={"Host": sites.NAME},
            verify=ssl.create_default_context(cafile=certificate / "fullchain.pem"),
            event_hooks={"request": [called_by_name]},
            timeout=GENEROUS_SECONDS,
            limits=httpx.Limits(max_connections=None),
            trust_env=False,
        ) as client:
            until(lambda: client.get("/healthz").status_code == 200)
            yield client
