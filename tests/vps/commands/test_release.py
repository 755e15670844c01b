"""What release, rollback, restart and status do; what they do under load is in drills/."""

import re
import time

import pytest

from tests.vps.commands.refusing import leftovers, refused
from tests.vps.service import SOURCE

pytestmark = pytest.mark.vps

GENEROUS_SECONDS = 120
# Of a coprocess that has ended the shell forgets everything, so its number and its output are kept.
UNTIL = (
    "coproc slipway release HEAD 2>&1; release=$COPROC_PID; exec 7<&${{COPROC[0]}};"
    " until read -r line <&7; [[ $line == {step}* ]]; do :; done;"
)
NO_WORKER = '\n\n@group.command("other")\ndef other():\n    pass\n\n\ngroup.commands.pop("worker")\n'


def test_an_archive_is_released_without_a_repository_under_the_commit_it_knows(service):
    run = service.machine.run
    commit = run(f"git -C {SOURCE} rev-parse HEAD").stdout.strip()
    run(f"git -C {SOURCE} archive --output /root/release.tar.gz HEAD && mv {SOURCE} /root/elsewhere")
    run("cd /root && slipway release release.tar.gz --name v2")
    assert "v2" in service.get("/")[1]
    assert service.live()[1].endswith(commit[:8])
    assert run("cat /srv/slipway/current/RELEASE.env").stdout == f"RELEASE=v2\nGIT_SHA={commit}\n"


def test_an_archive_of_unknown_origin_comes_by_standard_input_and_is_called_by_its_checksum(service):
    service.machine.run(f"tar -C {SOURCE} --exclude=./.git -cf /tmp/tree.tar .")
    checksum = service.machine.run("sha256sum </tmp/tree.tar").stdout[:8]
    service.machine.run("cat /tmp/tree.tar | slipway release -")
    name = service.live()[1]
    assert re.fullmatch(rf"[0-9]{{8}}T[0-9]{{6}}-{checksum}", name)
    assert name in service.get("/")[1]


def test_a_branch_is_released_as_its_remote_has_it_and_a_tag_names_the_release(service):
    run = service.machine.run
    run(f"git clone --quiet {SOURCE} /root/clone")
    service.commit({"count.txt": "pushed later\n"})
    run(f"git -C {SOURCE} tag v7.1")
    run("slipway release $(git -C /root/clone branch --show-current) --repository /root/clone")
    newest = run(f"git -C {SOURCE} rev-parse HEAD").stdout.strip()
    assert run("cat /srv/slipway/current/RELEASE.env").stdout == f"RELEASE=v7.1\nGIT_SHA={newest}\n"
    run(f"mv {SOURCE} /root/elsewhere")
    refused(service, "slipway release HEAD --repository /root/clone", "did not answer", "--no-fetch")


def test_dependencies_are_installed_once_for_each_lock_file_and_again_when_that_was_cut_off(service):
    run = service.machine.run
    [first] = run("ls /srv/slipway/venvs").stdout.split()
    assert "Installing" not in service.release("second").stdout
    service.commit({"requirements-extra.txt": service.read("requirements.txt")})
    run("echo extra >/etc/slipway/extras")
    assert "Installing what requirements.txt requirements-extra.txt lists" in service.release("third").stdout
    assert run("/srv/slipway/current/.venv/bin/python -c 'import pip'", check=False).returncode
    service.uncommit()
    run(f"rm -r /etc/slipway/extras && cd /srv/slipway/venvs/{first} && rm -r .complete lib/python3*/*/flask")
    assert "Installing" in service.release("fourth").stdout
    assert service.get("/v1/ping")[0] == 200


def test_a_release_keeps_its_python_when_that_of_the_system_becomes_another_one(server):
    version = server.run("python3 -c 'import sys; print(*sys.version_info[:2], sep=chr(46))'").stdout
    assert server.run("readlink /srv/slipway/current/.venv/bin/python3").stdout == f"python{version}"


def test_nothing_of_a_release_can_be_written_by_who_serves_it(service):
    assert service.machine.run("find /srv/slipway ! -user root -o ! -type l -perm /022").stdout == ""


def test_old_releases_go_with_what_only_they_needed(service):
    run = service.machine.run
    [first] = run("ls /srv/slipway/releases").stdout.split()
    for day in range(1, 8):
        run(
            f"cp -a /srv/slipway/releases/{first} /srv/slipway/releases/2020010{day}T000000-old;"
            f"cd /srv/slipway/releases/2020010{day}T000000-old && ln -sfn /srv/slipway/venvs/day{day} .venv;"
            f"mkdir /srv/slipway/venvs/day{day}; touch .static/of_day{day}.css;"
            f"cp -n .static/of_day{day}.css /srv/slipway/static"
        )
    service.release("second")
    kept = run("ls /srv/slipway/releases").stdout.split()
    assert kept == [*(f"2020010{day}T000000-old" for day in (5, 6, 7)), first, service.live()[1]]
    assert run("ls /srv/slipway/static | grep of_day").stdout.split() == [f"of_day{day}.css" for day in (5, 6, 7)]
    assert run("ls /srv/slipway/venvs | grep day").stdout.split() == ["day5", "day6", "day7"]
    assert [name for name in run("ls /srv/slipway/static").stdout.split() if name.startswith("app.")]


def test_a_named_release_serves_again_and_restart_puts_settings_to_use(service):
    first = service.live()
    service.release("second")
    service.release("third")
    service.machine.run(f"slipway rollback {first[1]}")
    assert service.live()[1] == first[1]
    service.machine.run("echo SERVICE_NAME=renamed >>/etc/slipway/settings")
    service.machine.run("slipway restart")
    assert service.live()[1] == first[1]
    assert "renamed" in service.get("/")[1]
    assert leftovers(service.machine) == []
    service.machine.run("slipway rollback")
    assert "third" in service.get("/")[1]
    names = [service.machine.run("slipway status").stdout.partition("releases ")[2].strip()]
    assert [re.sub(r"2[0-9T]+-[0-9a-f]+", "NAME", line) for line in names] == [
        "NAME (third), NAME (second), NAME (first)"
    ]
    service.machine.run("slipway rollback second")
    assert "second" in service.get("/")[1]


def test_what_leads_outside_is_released_when_the_units_may_go_there(service):
    run = service.machine.run
    run("echo SENTRY_DSN=https://key@127.0.0.1/1 >>/etc/slipway/settings && slipway provision --outside")
    service.release("outside")
    assert run(f"systemctl show --value -p PrivateNetwork slipway-web@{service.live()[0]}").stdout == "no\n"
    assert "nothing: all is as it should be" in run("slipway provision").stdout


def networks(service):
    """Return in which network a process of the instance that serves is: the machine's, or one of its own."""
    return service.machine.run(f"readlink /proc/1/ns/net /proc/{service.web()['MainPID']}/ns/net").stdout.split()


def test_a_sandbox_that_has_changed_wants_a_restart_and_provision_says_so_until_then(service):
    run, hint = service.machine.run, "What serves runs by its former units"
    assert hint not in run("slipway provision").stdout
    for option, outside in (("--outside", True), ("--inside", False)):
        assert f"{hint} until it is started anew.\nNext: slipway restart\n" in run(f"slipway provision {option}").stdout
        machine, own = networks(service)
        assert (machine == own) is not outside
        assert hint in run("slipway provision").stdout
        run("slipway restart")
        machine, own = networks(service)
        assert (machine == own) is outside
        assert hint not in run("slipway provision").stdout


@pytest.mark.parametrize("step", ["Building", "Migrating", "Starting"])
def test_a_release_that_was_killed_is_no_obstacle(service, step):
    before = service.live()
    service.machine.run(f"{UNTIL.format(step=step)} kill -KILL $release")
    assert service.live() == before
    assert service.get("/v1/ping")[0] == 200
    deadline = time.monotonic() + GENEROUS_SECONDS  # what it had started goes on to hold the lock for a moment
    while (said := service.release("after", check=False)).returncode and time.monotonic() < deadline:
        assert "another operator" in said.stderr
    assert "after" in service.get("/")[1]
    assert leftovers(service.machine) == []


@pytest.mark.parametrize("signal", ["TERM", "HUP"])
def test_a_release_that_is_interrupted_takes_back_what_it_did(service, signal):
    before = service.live()
    ending = f"kill -{signal} $release; cat <&7; wait $release"
    result = service.machine.run(f"{UNTIL.format(step='Starting')} {ending}", check=False)
    assert result.returncode > 128
    assert "as before" in result.stdout
    assert leftovers(service.machine) == []
    assert service.live() == before
    assert len(service.machine.run("ls /srv/slipway/releases").stdout.split()) == 1


def test_a_worker_that_does_not_stay_up_is_a_release_that_failed(service):
    path = "app/core/background/jobs/commands.py"
    service.commit({path: service.read(path) + NO_WORKER})
    refused(
        service, "slipway release HEAD", "No such command 'worker'", "a worker does not run", "Switched back to blue"
    )
    assert service.machine.run("systemctl is-active slipway-worker@1").stdout == "active\n"


def test_status_is_well_after_a_release_and_names_what_is_not(service):
    run = service.machine.run
    well = run("slipway status").stdout
    assert "BAD" not in well
    assert service.live()[1] in well
    for line in ("schema       ok   at 0", "nginx        ok", "certificate  ok", "backup       ok"):
        assert line in well
    run("systemctl stop redis-server@slipway; ln -sfn /nowhere /etc/slipway/tls; rm /var/lib/slipway/live")
    ill = run("slipway status", check=False)
    assert ill.returncode == 1
    for subject in ("serves", "redis", "certificate"):
        assert re.search(rf"^{subject} +BAD .*\(try: ", ill.stdout, re.MULTILINE)


def test_while_the_service_is_maintained_status_says_so_and_no_release_begins(service):
    service.machine.run("touch /var/lib/slipway/maintenance")
    assert service.get("/v1/ping")[0] == 503
    status = service.machine.run("slipway status", check=False)
    release = service.machine.run("slipway release HEAD", check=False)
    assert (status.returncode, release.returncode) == (1, 1)
    assert "BAD  tells everybody that the service is being maintained" in status.stdout
    assert "Next: rm /var/lib/slipway/maintenance" in release.stderr


def test_of_a_unit_that_failed_the_last_lines_are_shown(server):
    shown = server.run(
        "here=/usr/local/lib/slipway; . $here/lib/saying.sh; . $here/lib/instances.sh; began=$(date +%s);"
        " systemd-run --quiet --wait --unit talks sh -c 'seq 1001 1040; exit 1' || last_lines talks.service $began"
    ).stdout
    assert "  | 1040\n" in shown
    assert len(shown.splitlines()) == 20
