"""The machine whose Nginx the public reaches: the shipped site, and what deploy/hosts adds to it for several hosts."""

import os
import signal
import ssl
import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import httpx

from tests.cluster.hosts.lan.placed import placed
from tests.conftest import PROJECT
from tests.nginx import builds, sites
from tests.stack.conftest import GENEROUS_SECONDS, until
from tests.vps.drills.load import visited
from tests.vps.service import DOMAIN

NAMED = {f"server_name {sites.NAME};": f"server_name {DOMAIN};"}


@contextmanager
def serving(machine, certificate):
    """Run the shipped site on a machine; nothing is behind it yet."""
    build = builds.find("debian")
    assert build, "there is no Nginx on this machine: apt-get install --no-install-recommends nginx-light"
    running = sites.running(build, certificate, NAMED)
    with machine.inside():
        site = running.__enter__()
    try:
        yield site
    finally:
        running.__exit__(None, None, None)


def reload(site, machine):
    """Have Nginx read its files again, which it has to accept."""
    command = [*sites.command(site.build, site.root), "-t"]
    with machine.inside():  # it tries the addresses, too
        tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    os.kill(int((site.root / "nginx.pid").read_text()), signal.SIGHUP)


class Edge:
    """It: how to ask it, and how to have many ask it."""

    def __init__(self, machine, site, stores):
        self.machine, self.site = machine, site
        self._stores = stores
        machine.sysctl((PROJECT / "deploy/hosts/sysctl.conf").read_text())
        placed("hosts/upstream.conf", site.root / "etc/nginx/slipway").rename(
            site.root / "etc/nginx/slipway/hosts.conf"
        )
        reload(site, machine)

    def client(self, source="127.0.0.1"):
        """Return a client with cookies of its own, at an address of its own."""
        context = ssl.create_default_context(cafile=self.site.root / "etc/slipway/tls/fullchain.pem")
        return httpx.Client(
            base_url=f"https://{DOMAIN}:{self.site.ports['443']}",
            transport=Here(self.machine, self.site.ports["443"], context, source),
            timeout=GENEROUS_SECONDS,
            trust_env=False,
        )

    @contextmanager
    def visited(self, folder, **options):
        """Have many clients ask until the block ends; yield the account of it."""
        service = SimpleNamespace(
            sql=lambda statement: [str(value) for (value,) in self._stores.sql(statement)],
            machine=SimpleNamespace(
                address="127.0.0.1", cable=SimpleNamespace(client=lambda number: f"127.0.1.{number + 1}")
            ),
            certificate=(self.site.root / "etc/slipway/tls/fullchain.pem").read_text,
        )
        visitors = visited(service, folder, port=int(self.site.ports["443"]), **options)
        with self.machine.inside():
            load = visitors.__enter__()
        try:
            yield load
        finally:
            visitors.__exit__(None, None, None)

    def lines(self, path):
        """Return the lines of the log about a path, once there are some."""
        return until(lambda: [line for line in self.site.lines() if line["url.path"] == path])


class Here(httpx.HTTPTransport):
    """Connects on a machine, to its loopback, whatever the name."""

    def __init__(self, machine, port, context, source):
        super().__init__(verify=context, local_address=source, trust_env=False)
        self._machine, self._port = machine, port

    def handle_request(self, request):
        request.extensions["sni_hostname"] = request.url.host
        request.headers["Host"] = request.url.host
        request.url = request.url.copy_with(host="127.0.0.1", port=int(self._port))
        with self._machine.inside():
            return super().handle_request(request)
