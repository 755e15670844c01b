"""The disk that every machine begins with: a bare Debian as providers rent it out, made once and kept in `.dev/vps`."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devtools import locks
from tests.vps.machine import trust

SUITE = os.environ.get("VPS_SUITE", "bookworm")
# What such an image has beyond Debian's smallest set. All else is for the project's own scripts to bring.
PACKAGES = (
    "systemd,systemd-sysv,dbus,libpam-systemd,init,netbase,tzdata,ca-certificates,iproute2,iputils-ping,procps,"
    "curl,git,python3,logrotate,cron"
)
# No keyboard; and nothing that starts by itself at some hour and keeps apt's lock.
MASKED = ["console-getty.service", "getty@.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer"]
HOSTS = "127.0.0.1 localhost\n127.0.1.1 vps\n::1 localhost\n"


def bare(home: Path) -> Path:
    """Return the folder of the image; the first time, and when what it consists of has changed, this takes minutes."""
    content = json.dumps([SUITE, PACKAGES, trust.sources(SUITE), trust.files(), Path(__file__).read_text()])
    image = home / f"{SUITE}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
    with locks.exclusive(home / "image.lock"):
        if not image.exists():
            unfinished = home / "unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            _make(unfinished, home)
            unfinished.rename(image)
    return image


def _make(image: Path, home: Path) -> None:
    (home / "packages").mkdir(exist_ok=True)
    options = ["--variant=minbase", f"--include={PACKAGES}", f"--cache-dir={home / 'packages'}"]
    with (home / "debootstrap.log").open("wb+") as log:
        command = ["debootstrap", *options, SUITE, image, trust.mirror()]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if result.returncode:
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()[-20:]
            pytest.fail(f"debootstrap could not make a Debian {SUITE}:\n" + "\n".join(lines))
    given = trust.files() | {
        "/etc/apt/sources.list": "\n".join(trust.sources(SUITE)) + "\n",
        "/etc/hostname": "vps\n",
        "/etc/hosts": HOSTS,
        "/etc/machine-id": "",  # a new one for each machine, at its first boot
    }
    for path, content in given.items():
        file = image / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (image / "var/log/journal").mkdir(exist_ok=True)
    for command in (["update-ca-certificates"], ["systemctl", "mask", *MASKED], ["apt-get", "clean"]):
        subprocess.run(["chroot", image, *command], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    (image / "etc/resolv.conf").unlink(missing_ok=True)
