"""A real object store, Ceph's gateway for S3 with a monitor and a memory-backed OSD behind it, for one test run.

It checks what the stand-ins do not: signatures (moto, s3rver), forms with a policy (s3rver, Swift), and when both
end. Debian has it: radosgw, ceph-mon, ceph-osd.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from minio import Minio

from devtools import lifeline

PROGRAMS = ("radosgw", "radosgw-admin", "ceph", "ceph-mon", "ceph-osd", "monmaptool")
ACCESS_KEY, SECRET_KEY, BUCKET, REGION = "slipway", "of-the-test-store", "files", "us-east-1"
CLUSTER, DISK = "6b6b7a4e-0000-4000-8000-000000000001", "6b6b7a4e-0000-4000-8000-000000000002"
GENEROUS_SECONDS = 120

CONFIGURATION = """
[global]
fsid = {cluster}
mon host = v2:127.0.0.1:{monitor}/0
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
keyring = /dev/null
osd objectstore = memstore
memstore device bytes = 268435456
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
rgw frontends = beast endpoint=127.0.0.1:{gateway}
run dir = {folder}
crash dir =
admin socket =
log file =
mon cluster log file =
log to stderr = true
err to stderr = true
"""


def missing():
    """Return the programs that this machine lacks."""
    return [program for program in PROGRAMS if not shutil.which(program)]


@contextmanager
def running(folder):
    """Run the store in `folder`, with an empty bucket, and return its address."""
    monitor, gateway = _free_ports(2)
    configuration = folder / "ceph.conf"
    configuration.write_text(
        CONFIGURATION.format(cluster=CLUSTER, monitor=monitor, gateway=gateway, folder=folder).lstrip()
    )
    environ = {"PATH": os.environ["PATH"], "CEPH_CONF": str(configuration)}

    def run(*command):
        result = subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}\n{result.stderr}"
        return result.stdout

    with ExitStack() as daemons:

        def start(*command):
            daemons.enter_context(_daemon(command, environ, folder))

        run("monmaptool", "--create", "--fsid", CLUSTER, "--addv", "a", f"[v2:127.0.0.1:{monitor}]", "monmap")
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--mon-data", folder / "mon")
        start("ceph-mon", "-f", "-i", "a", "--mon-data", folder / "mon")
        run("ceph", "--connect-timeout", str(GENEROUS_SECONDS), "osd", "new", DISK)
        (folder / "osd").mkdir()
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-data", folder / "osd", "--osd-uuid", DISK)
        start("ceph-osd", "-f", "-i", "0", "--osd-data", folder / "osd")
        _until(lambda: " 1 up" in run("ceph", "osd", "stat"))
        user = ("--uid=test", "--display-name=test", f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
        run("radosgw-admin", "user", "create", *user)
        start("radosgw", "-f", "-n", "client.admin", "--rgw-data", folder / "rgw")
        _until(lambda: _answers(gateway))
        client = Minio(f"127.0.0.1:{gateway}", ACCESS_KEY, SECRET_KEY, secure=False, region=REGION)
        client.make_bucket(BUCKET)
        yield f"http://127.0.0.1:{gateway}"


@contextmanager
def _daemon(command, environ, folder):
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lifeline.tie(signal.SIGKILL),  # noqa: PLW1509  its thread lives as long as the run
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _free_ports(count):
    with ExitStack() as sockets:
        held = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in held]


def _answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _until(condition):
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the object store did not start"
        time.sleep(0.1)
