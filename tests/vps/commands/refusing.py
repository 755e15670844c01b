"""What a command that is refused, or a release that failed, must leave as it was."""


def leftovers(machine):
    """Return what must not stay behind: a folder, an instance that runs, a unit that failed, the lock."""
    folders = machine.run("find /srv/slipway/releases -mindepth 1 -maxdepth 1 -name '.*'").stdout.split()
    live = machine.run("basename $(readlink /var/lib/slipway/live)").stdout.strip()
    idle = "green" if live == "blue" else "blue"
    units = [f"slipway-web@{idle}.service", f"slipway-web@{idle}.socket"]
    running = [unit for unit in units if machine.run(f"systemctl is-active {unit}", check=False).returncode == 0]
    failed = machine.run("systemctl list-units --failed --plain --no-legend").stdout.split()
    held = ["lock"] * machine.run("flock --nonblock /run/slipway.lock true", check=False).returncode
    return folders + running + failed + held


def refused(service, command, *said):
    """Run a command that must be refused, and see that it says so and changes nothing."""
    before = service.live(), service.machine.run("ls -A /srv/slipway/releases").stdout
    result = service.machine.run(command, check=False)
    assert result.returncode == 1, result.stdout + result.stderr
    for words in said:
        assert words in result.stdout + result.stderr
    assert (service.live(), service.machine.run("ls -A /srv/slipway/releases").stdout) == before
    assert leftovers(service.machine) == []
    assert service.get("/v1/ping")[0] == 200
