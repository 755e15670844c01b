"""The machines themselves: what all other tests here stand on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import PROJECT
from tests.vps.machine import cgroups, possible
from tests.vps.machine.guest import Machine
from tests.vps.machine.possible import lacking

pytestmark = pytest.mark.vps

RUN = """
import sys
from pathlib import Path
from tests.vps.machine.guest import Machine
machine = Machine(Path(sys.argv[1]))
machine.boot()
print(machine.name, flush=True)
input()
"""


@pytest.fixture
def other(home):
    """A machine that a test may do anything to."""
    other = Machine(home)
    other.boot()
    yield other
    other.destroy()


def traces(name):
    """Return what this computer has of a machine: interfaces, rules, mounts, control groups, processes."""
    commands = [["ip", "-oneline", "link"], ["iptables-save"], ["cat", "/proc/self/mounts"], ["ps", "-e", "-o", "args"]]
    printed = "".join(subprocess.run(each, capture_output=True, text=True, check=True).stdout for each in commands)
    return [line for line in printed.splitlines() if name in line] + [
        str(root / name) for root in cgroups.trees() if (root / name).exists()
    ]


def test_systemd_runs_everything_and_nothing_has_failed(machine):
    assert machine.run("cat /proc/1/comm").stdout == "systemd\n"
    assert machine.run("systemctl is-system-running").stdout == "running\n"
    assert machine.run("stat -fc %T /sys/fs/cgroup").stdout == "cgroup2fs\n"


def test_it_is_a_bare_debian(machine):
    assert machine.run("ls /usr/*bin | grep -E '^(nginx|psql|redis-server|certbot|gcc)$'", check=False).stdout == ""


def test_a_command_that_fails_is_an_error_with_what_it_said(machine):
    with pytest.raises(pytest.fail.Exception, match=r"(?s)ended with 3.*nothing there"):
        machine.run("echo nothing there >&2; exit 3")
    assert machine.run("exit 3", check=False).returncode == 3
    assert machine.run("tr a-z A-Z", input="passed on").stdout == "PASSED ON"


def test_packages_can_be_had_and_pip_reaches_its_index(machine):
    machine.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv")
    machine.run("python3 -m venv /tmp/venv && /tmp/venv/bin/pip download --quiet --no-deps --dest /tmp blinker")


def test_files_and_folders_come_as_they_are(machine, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/script").write_text("#!/bin/sh\necho ran")
    (tmp_path / "folder/script").chmod(0o755)
    machine.put(tmp_path / "folder", "/root/folder")
    machine.put(tmp_path / "folder/script", "/root/elsewhere/script")
    assert machine.run("/root/folder/script; /root/elsewhere/script").stdout == "ran\nran\n"


def test_this_computer_reaches_its_ports_from_many_addresses(machine):
    machine.run("systemd-run --quiet --unit=ported python3 -m http.server 8080 --directory /etc/apt")
    seen = set()
    for number in (0, 125):
        command = ["curl", "--silent", "--fail", "--retry", "20", "--retry-connrefused", "--retry-delay", "1"]
        address = machine.cable.client(number)
        url = f"http://{machine.address}:8080/sources.list"
        subprocess.run([*command, "--noproxy", "*", "--interface", address, url], check=True, capture_output=True)
        seen.add(address)
    printed = machine.run("journalctl --unit=ported --output=cat; systemctl stop ported").stdout
    assert {line.split()[0] for line in printed.splitlines() if "GET" in line} == seen


def test_a_reboot_keeps_the_disk_and_nothing_else(other):
    boot = other.run("touch /root/kept /run/lost; cat /proc/sys/kernel/random/boot_id; cat /etc/machine-id").stdout
    other.reboot()
    assert other.run("ls /root/kept /run/lost", check=False).stdout == "/root/kept\n"
    assert other.run("cat /etc/machine-id").stdout in boot
    assert "Stopped target" in other.run("journalctl --boot=-1 --no-pager").stdout  # it went down in order


def test_a_pulled_plug_stops_all_of_it_at_once_and_keeps_the_disk(other):
    other.run("touch /root/kept; systemd-run --quiet sleep 4711")
    other.pull_plug()
    assert subprocess.run(["pgrep", "-f", "sleep 4711"], check=False, capture_output=True).returncode == 1
    other.boot()
    assert other.run("ls /root/kept").stdout == "/root/kept\n"


def test_it_goes_back_to_what_it_was_to_remember(other):
    other.run("echo then >/root/state")
    other.remember()
    other.run("echo later >/root/state; rm /etc/hostname; touch /root/new")
    other.go_back()
    assert other.run("cat /root/state /etc/hostname; ls /root/new", check=False).stdout == "then\nvps\n"


def test_nothing_is_left_of_one_that_was_destroyed(home):
    machine = Machine(home)
    machine.boot()
    assert traces(machine.name)
    machine.destroy()
    assert traces(machine.name) == []
    assert not (home / machine.name).exists()


def killed_run(home):
    """Kill a run that has a machine, wait until that is gone too, and return its name."""
    command = [sys.executable, "-c", RUN, str(home)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        name = run.stdout.readline().strip()
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while [line for line in traces(name) if "systemd-nspawn" in line]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return name


def test_a_run_that_is_killed_takes_its_machine_along_and_the_next_one_clears_up(home):
    for _ in range(5):
        name = killed_run(home)
        following = Machine(home)
        following.destroy()
        if following.name == name:
            break  # otherwise it was another run of these tests that came next, and has the name now
    assert following.name == name
    assert traces(name) == []


def test_what_a_computer_lacks_is_said_with_the_way_to_get_it(home, monkeypatch, tmp_path):
    assert lacking(home) == []
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        [sentence] = lacking(home)
        assert "apt-get install --no-install-recommends debootstrap iproute2 iptables systemd-container" in sentence
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 1000)
        assert lacking(home) == ["Root is needed, for namespaces, mounts and addresses: sudo make vps-test"]
    with monkeypatch.context() as patch:
        patch.setattr(cgroups, "trees", list)
        assert [sentence.split(":")[0] for sentence in lacking(home)] == ["No cgroup2 is mounted"]
    monkeypatch.setattr(possible, "ATTEMPT", "echo mount: wrong fs type >&2; exit 1")
    [sentence] = lacking(home)
    assert "mount: wrong fs type" in sentence
