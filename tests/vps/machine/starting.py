"""The first moments of a machine: namespaces, network, control groups, disk, and then its own systemd.

All of it ends with the process that is started here, however that ends; what is left are files and rules.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from devtools import lifeline
from tests.vps.machine import cgroups
from tests.vps.machine.network import Cable

# The namespace of processes is what has all of them killed with the first.
NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--mount-proc", "--fork", "--kill-child=KILL"]
# It waits for a line, by which time the network is there. The disk is volatile: nobody waits for the real one, since
# what this computer has in memory stays when a plug is pulled. BPF is how systemd restricts addresses and devices.
START = """
read -r _
for procs in $PLACES; do echo 0 >"$procs"; done
mount -t overlay disk -o "volatile,lowerdir=$BELOW,upperdir=$DISK/above,workdir=$DISK/work" "$DISK/root"
exec systemd-nspawn --quiet --boot --directory="$DISK/root" --machine="$NAME" --register=no --keep-unit \
  --network-namespace-path=/proc/self/ns/net --resolv-conf="$RESOLVER" --console=pipe --link-journal=no --timezone=off \
  --capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN --system-call-filter=bpf $BINDS </dev/null
"""


def start(
    cable: Cable, disk: Path, below: list[Path], binds: dict[Path, str], lock: int, *, tied: bool
) -> subprocess.Popen[bytes]:
    """Start a machine from the layers `below`, the topmost first; what it writes goes to `disk`.

    `binds` are folders of this computer, and where the machine has them. Whoever keeps it running holds the `lock`;
    where it is `tied`, it is killed when this process ends.
    """
    variables = {
        "PATH": os.environ["PATH"],
        "NAME": cable.device,
        "DISK": str(disk),
        "BELOW": ":".join(map(str, below)),
        "BINDS": " ".join(f"--bind={outside}:{inside}" for outside, inside in binds.items()),
        "PLACES": " ".join(map(str, cgroups.make(cable.device))),
        "RESOLVER": "copy-uplink" if Path("/run/systemd/resolve/resolv.conf").exists() else "copy-host",
        "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    }
    shutil.rmtree(disk / "work", ignore_errors=True)  # with the mark that a volatile disk was left in a hurry
    for folder in (*binds, *(disk / name for name in ("above", "work", "root"))):
        folder.mkdir(parents=True, exist_ok=True)
    with (disk / "console.log").open("wb") as log:
        process = subprocess.Popen(
            [*NAMESPACES, "sh", "-ec", START],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for the tests, which then end it
            preexec_fn=lifeline.tie(signal.SIGKILL) if tied else None,  # noqa: PLW1509  this thread lives on
        )
    while _network_of(process.pid) == _network_of(os.getpid()):
        assert process.poll() is None, (disk / "console.log").read_text()
        time.sleep(0.01)
    cable.plug_in(process.pid)
    with process.stdin as line:
        line.write(b"\n")
    return process


def first_process(process: subprocess.Popen[bytes]) -> int:
    """Return the number that the machine's process 1 has out here; ProcessLookupError as long as there is none."""
    pid = process.pid
    for _ in ("the shell that became systemd-nspawn", "its systemd"):
        try:
            pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        except (FileNotFoundError, IndexError) as error:
            raise ProcessLookupError("the machine is not running") from error
    return pid


def _network_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except FileNotFoundError:
        return ""
