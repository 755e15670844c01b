"""A network of machines that share this computer's disk: a namespace each, a cable to a switch, cables can be pulled.

Nothing of it touches this computer's own network, and all of it is gone with the process that made it.
"""

import ctypes
import signal
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devtools import lifeline

# One of the networks of VPS_NETWORK (tests/vps/machine/network.py) that no machine has: there are a hundred of those.
PREFIX = "10.214.200"
NEW_NETWORK = 0x40000000  # CLONE_NEWNET, sched.h


class Namespace:
    """A network of one's own, held by a process that sleeps."""

    def __init__(self):
        self._process = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"],
            preexec_fn=lifeline.tie(signal.SIGKILL),  # noqa: PLW1509  this thread lives on
        )
        self.pid = self._process.pid
        self._file = Path(f"/proc/{self.pid}/ns/net")
        while self._file.readlink() == Path("/proc/self/ns/net").readlink():
            assert self._process.poll() is None, "no network namespace can be made here: root is needed"
            time.sleep(0.01)
        self.ip("link set lo up")

    @contextmanager
    def inside(self):
        """Have this thread be there: what it connects, listens to and starts in the block stays there."""
        with Path("/proc/thread-self/ns/net").open("rb") as back, self._file.open("rb") as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(back)

    def ip(self, arguments):
        self._run(f"ip {arguments}")

    def _run(self, command):
        there = ["nsenter", f"--net={self._file}", *command.split()]
        done = subprocess.run(there, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"

    def sysctl(self, settings):
        """Set what a file of sysctl.d says."""
        for line in settings.splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                with self.inside():
                    Path("/proc/sys", name.strip().replace(".", "/")).write_text(value.strip())

    def close(self):
        self._process.kill()
        self._process.wait()


def _enter(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace.fileno(), NEW_NETWORK):
        raise OSError(ctypes.get_errno(), "setns")


class Switch(Namespace):
    """What all machines are plugged into."""

    def __init__(self):
        super().__init__()
        self.ip("link add lan type bridge")
        self.ip("link set lan up")

    def plug_in(self, machine):
        self.ip(f"link add port{machine.number} type veth peer name eth0 netns {machine.pid}")
        self.ip(f"link set port{machine.number} master lan up")

    def pull(self, machine):
        """Pull a machine's cable: what is sent to it is lost, and nobody is told."""
        self.ip(f"link set port{machine.number} down")

    def put_back(self, machine):
        self.ip(f"link set port{machine.number} up")


class Machine(Namespace):
    """One that is plugged in, with the address `PREFIX.number`."""

    def __init__(self, switch, number):
        super().__init__()
        self.number, self.address = number, f"{PREFIX}.{number}"
        self._switch = switch
        switch.plug_in(self)
        self.ip(f"address add {self.address}/24 dev eth0")
        self.ip("link set eth0 up")

    @contextmanager
    def cut_off(self):
        """Have nothing reach it, or leave it, for as long as the block lasts."""
        self._switch.pull(self)
        try:
            yield
        finally:
            self._switch.put_back(self)

    @contextmanager
    def deaf(self, port):
        """Have it take connections to a port, and lose what is sent on them, for as long as the block lasts."""
        rule = f"INPUT --protocol tcp --dport {port} --tcp-flags PSH PSH --jump DROP"
        self._run(f"iptables --wait --append {rule}")
        try:
            yield
        finally:
            self._run(f"iptables --wait --delete {rule}")


@contextmanager
def plugged_in(numbers):
    """Yield machines of these numbers, by their names."""
    with ExitStack() as stack:
        switch = Switch()
        stack.callback(switch.close)
        machines = {}
        for name, number in numbers.items():
            machines[name] = Machine(switch, number)
            stack.callback(machines[name].close)
        yield machines


def started(machine, command, **options):
    """Start a program there; it does not outlive this process."""
    with machine.inside():
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=lifeline.tie(signal.SIGKILL),  # noqa: PLW1509  likewise
            **options,
        )
