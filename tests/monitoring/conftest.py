"""The shipped monitoring, running: copies of the configuration in which only addresses and times are others."""

import logging
import re
import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import yaml

from tests.monitoring.programs import free_port, serving
from tests.monitoring.shipped import DEPLOY, PROMETHEUS
from tests.monitoring.sinks import mailbox, pager, website

# They would report each of many requests and mails, in whatever way an application has set up the logs.
for name in ("httpx", "mail.log"):
    logging.getLogger(name).setLevel(logging.ERROR)


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    """The shipped Alertmanager, which waits less long before it sends: its address, the pages and the mails."""
    folder = tmp_path_factory.mktemp("alertmanager")
    installed = folder / "etc"
    (installed / "secrets").mkdir(parents=True)
    (installed / "secrets/smtp_password").write_text("of the mail server")
    (installed / "secrets/pager_token").write_text("of-the-pager\n")
    smtp_port = free_port()
    with pager() as (pager_url, pages), mailbox(smtp_port) as mails:
        shipped = (DEPLOY / "alertmanager/alertmanager.yml").read_text()
        config = yaml.safe_load(shipped.replace("/etc/prometheus/", f"{installed}/"))
        # The password may travel without TLS because both ends are this machine.
        config["global"] |= {"smtp_smarthost": f"127.0.0.1:{smtp_port}", "smtp_require_tls": False}
        config["route"] |= {"group_wait": "1s", "group_interval": "1s"}
        config["route"]["routes"][0]["group_wait"] = "1s"
        config["receivers"][0]["webhook_configs"][0]["url"] = pager_url
        (installed / "alertmanager.yml").write_text(yaml.safe_dump(config))
        arguments = ["--config.file=etc/alertmanager.yml", "--storage.path=data", "--cluster.listen-address="]
        with serving("alertmanager", folder, free_port(), *arguments) as address:
            yield SimpleNamespace(address=address, pages=pages, mails=mails)


@pytest.fixture(scope="session")
def exporters(tmp_path_factory):
    """The two exporters: of this machine, with the backups' success in a file, and of a website with a certificate."""
    folder = tmp_path_factory.mktemp("exporters")
    (folder / "textfile").mkdir()
    with website(folder) as (url, certificate):
        names = ["backup_last_success", "backup_offsite_last_success", "restore_drill_last_success"]
        (folder / "textfile/backup.prom").write_text(
            "".join(f"{name}_timestamp_seconds {certificate.stat().st_mtime:.0f}\n" for name in names)
        )
        config = yaml.safe_load((PROMETHEUS / "blackbox.yml").read_text())
        config["modules"]["website"]["http"]["tls_config"] = {"ca_file": str(certificate)}
        (folder / "blackbox.yml").write_text(yaml.safe_dump(config))
        textfile = f"--collector.textfile.directory={folder / 'textfile'}"
        with (
            serving("node_exporter", folder, free_port(), textfile, path="/") as node,
            serving("blackbox_exporter", folder, free_port(), "--config.file=blackbox.yml", path="/") as blackbox,
        ):
            yield SimpleNamespace(node=node, blackbox=blackbox, website=url)


@contextmanager
def prometheus(folder, service, exporters, alertmanager):
    """Run Prometheus as shipped, but that it asks every second, and an alert waits no longer than that."""
    shutil.copytree(PROMETHEUS, folder, dirs_exist_ok=True)
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    config["global"] = dict.fromkeys(config["global"], "1s")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    for path in (folder / "rules").glob("*.yml"):
        path.write_text(re.sub(r"\bfor: \w+", "for: 1s", path.read_text()))
    port = free_port()
    addresses = {
        "service": f"127.0.0.1:{service.internal_port}",
        "node": exporters.node,
        "website": exporters.blackbox,
        "prometheus": f"127.0.0.1:{port}",
        "alertmanager": alertmanager.address,
    }
    for name, address in addresses.items():
        path = folder / "targets" / f"{name}.yml"
        [target] = yaml.safe_load(path.read_text())
        target["targets"] = [address.removeprefix("http://")]
        if name == "website":
            target["labels"]["__param_target"] = exporters.website
        path.write_text(yaml.safe_dump([target]))
    with serving("prometheus", folder, port, "--config.file=prometheus.yml", "--storage.tsdb.path=data") as address:
        yield address
