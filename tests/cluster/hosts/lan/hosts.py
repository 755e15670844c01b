"""Machines that run the service: a bare Gunicorn on the network, or one on sockets behind an Nginx, as on a VPS."""

import json
import os
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.cluster.hosts.lan.edge import reload, serving
from tests.cluster.hosts.lan.network import PREFIX, started
from tests.cluster.hosts.lan.placed import placed
from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS, GUNICORN, until
from tests.vps.service import DOMAIN

PORT = 8000
INTERNAL = 8001
OPTIONS = {"timeout": GENEROUS_SECONDS, "trust_env": False, "verify": False}  # nothing to verify: plain HTTP
PROXIED = {"Host": DOMAIN, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}


class Host:
    """A Gunicorn of this tree that listens on the network, as in a container."""

    def __init__(self, machine, asker, settings):
        self.machine, self._asker, self._settings = machine, asker, settings
        self.folder = Path(tempfile.mkdtemp(prefix="host-", dir="/tmp"))  # short, for the sockets in it
        self._stack = ExitStack()
        self.process = None

    def binds(self):
        """Return where it listens, for everybody and for those who watch it."""
        return {
            "BIND": f"{self.machine.address}:{PORT}",
            "METRICS_BIND": f"{self.machine.address}:{INTERNAL}",
        }

    def start(self, **changes):
        """Start it, also again, with other settings where some are named; return when it is ready."""
        variables = {
            "PATH": os.environ["PATH"],
            **self.binds(),
            "GATE": str(self.folder),
        }
        with (self.folder / "log").open("ab") as log:
            self.process = started(
                self.machine,
                [GUNICORN, "--pythonpath", PROJECT / "tests/stack", "service:app"],
                cwd=PROJECT,
                env=variables | self._settings | changes,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.is_ready)

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        try:
            return self.ask("GET", "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def internal(self, path):
        """Ask at the address of metrics and probes."""
        with self._asker.inside():
            url = f"http://{self.machine.address}:{INTERNAL}{path}"
            return httpx.get(url, **OPTIONS)

    def ask(self, method, path, cookies=None, **options):
        """Ask as the edge does; redirects are not followed."""
        url = f"http://{self.machine.address}:{PORT}{path}"
        with self._asker.inside(), httpx.Client(cookies=cookies, **OPTIONS) as client:
            return client.request(method, url, headers=PROXIED | options.pop("headers", {}), **options)

    def counted(self, name, **labels):
        """Return the sum of a metric's samples that have these labels among theirs."""
        families = text_string_to_metric_families(self.internal("/metrics").text)
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())

    def log(self):
        return (self.folder / "log").read_text()

    def records(self, logger=None):
        records = [json.loads(line) for line in self.log().split("\n")[:-1] if line.startswith("{")]
        return [record for record in records if logger in {None, record["logger"]}]

    def stop(self):
        """End it in order."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(GENEROUS_SECONDS)

    def kill(self):
        """End it where it stands, workers and all."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(GENEROUS_SECONDS)

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()
        self._stack.close()
        shutil.rmtree(self.folder)


class VpsHost(Host):
    """Likewise as deploy/vps leaves it: on a socket, which that machine's Nginx opens to the edge by deploy/hosts."""

    def __init__(self, machine, asker, settings, certificate):
        super().__init__(machine, asker, settings)
        self.site = self._stack.enter_context(serving(machine, certificate))
        self.site.serve(self.folder)
        shipped = placed("hosts/listen.conf", self.folder, {f"{PREFIX}.12:": f"{machine.address}:"})
        shipped.rename(self.site.root / "etc/nginx/conf.d/slipway_host.conf")
        reload(self.site, machine)

    def binds(self):
        return {
            "BIND": f"unix:{self.folder}/web.sock",
            "METRICS_BIND": f"unix:{self.folder}/metrics.sock",
        }
