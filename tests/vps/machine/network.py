"""A machine's network: a cable to this computer, which passes on what goes further.

Both ends are gone when the machine's namespace is; only rules of the firewall must be taken back.
"""

import os
import subprocess
from pathlib import Path

# A network of private addresses for all machines; each has a part of it (10.214.0.0/24, 10.214.1.0/24, ...).
NETWORK = os.environ.get("VPS_NETWORK", "10.214")


class Cable:
    """From this computer (.1) to machine number `slot` (.2); clients have the addresses from .128 on."""

    def __init__(self, slot: int) -> None:
        self.device = f"vps-test{slot}"  # at most 15 characters, whatever the service is called
        self.network = f"{NETWORK}.{slot}"
        self.address = f"{self.network}.2"

    def client(self, number: int) -> str:
        """Return one of 126 addresses of this computer, to come from: what is limited by address can be used."""
        return f"{self.network}.{129 + number % 126}"

    def plug_in(self, pid: int) -> None:
        """Connect the network namespace of a process, in which nothing is configured yet."""
        mtu = _mtu()
        _ip(f"link add {self.device} mtu {mtu} type veth peer name eth0 mtu {mtu} netns {pid}")
        _ip(f"address add {self.network}.1/24 dev {self.device}")
        _ip(f"link set {self.device} up")
        _ip(f"route add local {self.network}.128/25 dev {self.device}")
        inside = ("nsenter", f"--net=/proc/{pid}/ns/net")
        _ip("link set lo up", *inside)
        _ip(f"address add {self.address}/24 dev eth0", *inside)
        _ip("link set eth0 up", *inside)
        _ip(f"route add default via {self.network}.1", *inside)
        forwarding = Path("/proc/sys/net/ipv4/ip_forward")
        if forwarding.read_text() != "1\n":
            forwarding.write_text("1\n")  # and left on at the end: another machine may need it
        self.forget()
        for table, chain, rule in self._rules():
            _iptables(table, "-I", chain, rule)

    def forget(self) -> None:
        """Take back the rules, also those of a run that was killed."""
        for table, chain, rule in self._rules():
            while _iptables(table, "-C", chain, rule, check=False):
                _iptables(table, "-D", chain, rule)

    def _rules(self) -> list[tuple[str, str, str]]:
        return [
            ("nat", "POSTROUTING", f"-s {self.network}.0/24 ! -o {self.device} -j MASQUERADE"),
            # First of all rules: a container engine has the others refused.
            ("filter", "FORWARD", f"-i {self.device} -j ACCEPT"),
            ("filter", "FORWARD", f"-o {self.device} -j ACCEPT"),
        ]


def _mtu() -> int:
    words = _ip("-oneline route show default").split()
    if "dev" not in words:
        return 1500
    device = words[words.index("dev") + 1]
    return min(1500, int(Path(f"/sys/class/net/{device}/mtu").read_text()))


def _ip(arguments: str, *inside: str) -> str:
    result = subprocess.run([*inside, "ip", *arguments.split()], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"ip {arguments}\n{result.stderr}"
    return result.stdout


def _iptables(table: str, action: str, chain: str, rule: str, *, check: bool = True) -> bool:
    command = ["iptables", "--wait", "--table", table, action, chain, *rule.split()]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not (check and result.returncode), f"{' '.join(command)}\n{result.stderr}"
    return result.returncode == 0
