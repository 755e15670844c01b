"""A machine: a Debian that systemd has booted, with a disk, an address and a plug."""

import os
import secrets
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from devtools import locks
from tests.vps.machine import cgroups, image, starting
from tests.vps.machine.network import Cable

GENEROUS_SECONDS = 900
BOOT_SECONDS = 120
POWER_OFF = signal.SIGRTMIN + 4  # what systemd, as the first process, takes it for; systemd(1)
NAMESPACES = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd"]
ENVIRONMENT = (
    "HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8"
    " PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)


class Machine:
    """One Debian of its own; `home` is where images, disks and what was downloaded before are kept."""

    def __init__(self, home: Path, *, tied: bool = True) -> None:
        self._tied = tied
        self._slot, self._lock = _free_slot()
        self.cable = Cable(self._slot)
        self.name, self.address = self.cable.device, self.cable.address
        self._disk = home / self.name
        self._below = [image.bare(home)]
        # Of each slot its own: two that install at once would be in each other's way.
        kept = home / "downloads" / str(self._slot)
        self._binds = {kept / "apt": "/var/cache/apt/archives", kept / "pip": "/var/cache/slipway/pip"}
        self._process: subprocess.Popen[bytes] | None = None
        self._remove_leftovers()

    @property
    def pid(self) -> int:
        """The process that everything inside ends with; 0 while it is off."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def boot(self) -> float:
        """Switch it on, and return after how many seconds everything had started; a unit that fails is an error."""
        began = time.monotonic()
        self._process = starting.start(self.cable, self._disk, self._below, self._binds, self._lock, tied=self._tied)
        while (state := self._state()) not in {"running", "degraded"}:
            assert self.pid, self.console()
            assert time.monotonic() < began + BOOT_SECONDS, f"not booted: {state}\n{self.console()}"
            time.sleep(0.05)
        assert state == "running", self.run("systemctl --failed; journalctl -b -p warning --no-pager").stdout
        return time.monotonic() - began

    def run(
        self,
        command: str,
        *,
        check: bool = True,
        input: str | None = None,  # noqa: A002  as subprocess has it
    ) -> CompletedProcess[str]:
        """Have its shell run a command as root; what it printed is in the answer, and in the error if it failed."""
        result = subprocess.run(
            [*self.way_in(), "bash", "-c", command],
            input=input or "",
            capture_output=True,
            text=True,
            check=False,
            timeout=GENEROUS_SECONDS,
        )
        if check and result.returncode:
            pytest.fail(f"{command}\nended with {result.returncode}\n{result.stdout}\n{result.stderr}")
        return result

    def put(self, local: Path, remote: str) -> None:
        """Copy a file, or a folder and all that is in it, onto its disk under the path `remote`."""
        target = Path(f"/proc/{self._first_process()}/root{remote}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if local.is_dir():
            shutil.copytree(local, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(local, target)

    def reboot(self) -> float:
        """Restart it as an operator does, and return after how many seconds it was up again."""
        began = time.monotonic()
        self.run("systemctl reboot")
        self._wait_for_end()
        self.boot()
        return time.monotonic() - began

    def power_off(self) -> None:
        """Shut it down in order."""
        os.kill(self._first_process(), POWER_OFF)
        self._wait_for_end()

    def pull_plug(self) -> None:
        """Have all of it stop where it is; `boot` switches it on again.

        What it had written is on the disk: that a cache is lost with the power cannot be tried this way.
        """
        os.kill(self._first_process(), signal.SIGKILL)
        self._wait_for_end()

    def remember(self) -> None:
        """Shut it down, take what is on its disk for what it is to go back to, and boot it again."""
        self.power_off()
        layer = self._disk / f"layer{len(self._below)}"
        (self._disk / "above").rename(layer)
        self._below.insert(0, layer)
        self.boot()

    def go_back(self) -> float:
        """Boot it with the disk as it was when `remember` was called; return after how many seconds it was up."""
        began = time.monotonic()
        if self.pid:
            self.pull_plug()
        _throw_away(self._disk / "above")
        self.boot()
        return time.monotonic() - began

    def destroy(self) -> None:
        """Stop it at once, and remove all there was of it."""
        if self._process:
            self._process.kill()  # and with it, by the kernel, all that is inside
            self._wait_for_end()
        self._remove_leftovers()
        os.close(self._lock)

    def leave(self) -> str:
        """Let it run on when this process ends, and return how to get into it, and how to stop it."""
        stop = f"kill -9 {self.pid}"
        way_in = shlex.join([*self.way_in(), "bash", "-l"])
        self._process.returncode = 0  # or Python would miss its end
        return f"{self.name} stays at {self.address}.\n  enter it: {way_in}\n  stop it: {stop}"

    def way_in(self) -> list[str]:
        """Return the command that runs what follows it inside."""
        target = f"--target={self._first_process()}"
        return ["nsenter", target, *NAMESPACES, "env", "--ignore-environment", *ENVIRONMENT.split()]

    def console(self) -> str:
        """Return what it has written to its console since it was switched on."""
        return (self._disk / "console.log").read_text(errors="replace")

    def _state(self) -> str:
        try:
            return self.run("systemctl is-system-running", check=False).stdout.strip()
        except ProcessLookupError:
            return "no process yet"

    def _first_process(self) -> int:
        if not self._process:
            raise ProcessLookupError(f"{self.name} is off")
        return starting.first_process(self._process)

    def _wait_for_end(self) -> None:
        self._process.wait(BOOT_SECONDS)
        self._process = None
        cgroups.remove(self.name)

    def _remove_leftovers(self) -> None:
        """Also of a run that was killed."""
        cgroups.remove(self.name)
        self.cable.forget()
        if self._disk.exists():
            _throw_away(self._disk)


def _throw_away(folder: Path) -> None:
    """Have it gone at once, and deleted by a process that nobody waits for: some disks take their time."""
    rubbish = folder.with_name(f"rubbish-{secrets.token_hex(4)}")
    folder.rename(rubbish)
    subprocess.run(["sh", "-c", 'nice rm -rf -- "$1" 2>/dev/null &', "sh", rubbish], check=True)


def _free_slot() -> tuple[int, int]:
    """Return the first number that no machine of this computer has, and the descriptor of the lock on it."""
    for slot in range(100):
        lock = locks.acquire_now(Path(f"/run/lock/vps-test{slot}"))
        if lock is not None:
            return slot, lock
    raise AssertionError("a hundred machines run here already")
