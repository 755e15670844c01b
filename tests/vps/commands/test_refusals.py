"""What release and rollback refuse, why, and with which command to type next. Nothing here changes the machine."""

import pytest

from tests.vps.commands.refusing import leftovers, refused
from tests.vps.service import SOURCE

pytestmark = pytest.mark.vps

ARCHIVE = f"cd /tmp && git -C {SOURCE} archive --output /tmp/release.tar HEAD"
RELEASE_IT = "slipway release /tmp/release.tar"
WITHOUT_ROOM = "unshare --mount bash -c 'mount -t tmpfs -o size=400m none /srv/slipway/releases; slipway release HEAD'"


@pytest.fixture
def committing(steady):
    """The same, for tests that commit once."""
    yield steady
    steady.uncommit()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("slipway release", "what is to be released"),
        ("slipway release main main", "one release at a time"),
        ("slipway release main --name 'a b'", "--name takes letters"),
        ("slipway release main --force", "there is no option --force"),
        ("slipway release main --name", "needs a value"),
        ("slipway rollback one two", "one release at a time"),
        ("slipway restart main", "main is not an option"),
        ("slipway status --all", "--all is not an option"),
        ("slipway deploy main", "there is no command deploy"),
        ("slipway ../release", "there is no command ../release"),
    ],
)
def test_what_is_not_understood_is_refused_with_status_2(steady, command, said):
    result = steady.machine.run(command, check=False)
    assert result.returncode == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("slipway release nowhere", ["/root/slipway knows no nowhere", "Next: git -C /root/slipway branch"]),
        (
            "slipway release HEAD --repository /tmp",
            ["/tmp is no repository", "Next: slipway release HEAD --repository"],
        ),
        ("slipway release missing.tar", ["no archive missing.tar", "Next: git archive"]),
        ("slipway release - </dev/null", ["is empty"]),
        ("echo nothing | slipway release -", ["not an archive that tar can read"]),
        (f"tar -cf /tmp/release.tar -C /etc hostname && {RELEASE_IT}", ["has no wsgi.py"]),
        (f"{ARCHIVE} && touch .env && tar -rf release.tar .env && {RELEASE_IT}", ["holds .env, which has no place"]),
        (f"{ARCHIVE} && tar -rPf release.tar /etc/hostname && {RELEASE_IT}", ["holds /etc/hostname"]),
        (f"{ARCHIVE} && ln -sf /etc/passwd link && tar -rf release.tar link && {RELEASE_IT}", ["link that leads out"]),
        (WITHOUT_ROOM, ["MB are free", "Next: df -h"]),
        (
            "slipway rollback 20200101T000000-00000000",
            ["no release 20200101T000000-00000000 here; there are 2", " (first)", "Next: slipway rollback ONE"],
        ),
        ("slipway rollback zeroth", ["no release zeroth here; there are 2", " (first)", "Next: slipway rollback ONE"]),
        ("slipway rollback ../../../etc", ["no release ../../../etc here"]),
        ("slipway rollback", ["no other release has served before this one"]),
        (
            "setpriv --reuid=nobody --clear-groups slipway release main",
            ["only root", "Next: sudo slipway release main"],
        ),
    ],
)
def test_what_cannot_be_released_is_refused_with_the_next_command(steady, command, said):
    refused(steady, command, *said)


def test_settings_that_are_not_acceptable_are_told_in_the_words_of_the_application(steady):
    steady.machine.run("echo LOG_LEVEL=LOUD >>/etc/slipway/settings")
    said = (
        "The configuration is not acceptable (1 to mend):",
        "LOG_LEVEL: not one of",
        "Next: mend /etc/slipway/settings",
    )
    refused(steady, "slipway release HEAD", *said)
    refused(steady, "slipway restart", *said)
    steady.machine.run("sed -i /LOG_LEVEL/d /etc/slipway/settings")


def test_a_name_that_two_releases_have_is_refused_with_both_in_full(steady):
    name, copy = steady.live()[1], "20200101T000000-00000000"
    steady.machine.run(f"cp -a /srv/slipway/releases/{name} /srv/slipway/releases/{copy}")
    refused(steady, "slipway rollback first", f"several are called first: {name} {copy}", "Next: slipway rollback ONE")
    steady.machine.run(f"rm -r /srv/slipway/releases/{copy}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", ["neither /root/clone nor its remote, origin, knows 0123abc: is it pushed?", "Next: git push origin"]),
        ("--no-fetch", ["/root/clone knows no 0123abc, and origin was not asked", "Next: slipway release 0123abc"]),
    ],
    ids=["asked", "not asked"],
)
def test_a_commit_that_was_not_pushed_is_told_apart(steady, options, said):
    steady.machine.run(f"rm -rf /root/clone && git clone --quiet {SOURCE} /root/clone")
    refused(steady, f"slipway release 0123abc --repository /root/clone {options}", *said)


WANTED = "/etc/systemd/system/slipway-@.service.d/20-secrets.conf"
SECRET = "/etc/slipway/secrets/secret_key_fallbacks"
CREDENTIAL = f"""[Service]
LoadCredential=secret_key_fallbacks:{SECRET}
Environment=SECRET_KEY_FALLBACKS_FILE=%d/secret_key_fallbacks
"""


@pytest.fixture
def wanting(steady):
    """The service, of which a drop-in wants a secret that nobody has written."""
    steady.machine.run(f"cat >{WANTED} && systemctl daemon-reload", input=CREDENTIAL)
    yield steady
    steady.machine.run(f"rm -f {WANTED} {SECRET} && systemctl daemon-reload")


@pytest.mark.parametrize("command", ["slipway release HEAD", "slipway restart", "slipway rollback first"])
def test_a_secret_whose_file_is_missing_is_named_with_who_wants_it(wanting, command):
    said = f"{SECRET} is not there, and {WANTED} wants it"
    refused(wanting, command, said, f"Next: install -m 600 /dev/stdin {SECRET}")
    told = wanting.machine.run("slipway status", check=False)
    assert (told.returncode, f"secrets      BAD  {said}" in told.stdout) == (1, True)
    wanting.machine.run(f"install -m 600 /dev/null {SECRET}")
    assert "secrets " not in wanting.machine.run("slipway status").stdout


def test_code_that_is_not_python_is_refused_with_the_line(committing):
    committing.commit({"app/api.py": "def broken(:\n"})
    refused(committing, "slipway release HEAD", "SyntaxError", "def broken(:", "the code is not Python")


def test_dependencies_without_their_hash_are_not_installed(committing):
    committing.commit({"requirements.txt": committing.read("requirements.txt") + "\nsix==1.17.0\n"})
    refused(committing, "slipway release HEAD", "six==1.17.0", "the dependencies could not be installed")
    assert len(committing.machine.run("ls /srv/slipway/venvs").stdout.split()) == 1


def test_a_missing_unit_is_named_with_the_command_that_brings_it(steady):
    unit = "/etc/systemd/system/slipway-check@.service"
    steady.machine.run(f"mv {unit} /tmp")
    refused(steady, "slipway release HEAD", "slipway-check@.service is missing", "Next: slipway provision")
    steady.machine.run("slipway provision")
    assert steady.machine.run(f"cmp {unit} /tmp/slipway-check@.service").stdout == ""


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("SENTRY_DSN=https://key@reports.example.org/1", "/etc/slipway/settings"),
        ("https://key@reports.example.org/1", "/etc/slipway/secrets/sentry_dsn"),
        ("REDIS_URL=redis://:password@elsewhere.example.org/0", "/etc/slipway/settings"),
    ],
)
def test_settings_that_lead_outside_are_refused_while_the_units_have_no_network(steady, setting, place):
    steady.machine.run(f"touch {place}; cp {place} /tmp/former; echo {setting} >>{place}")
    refused(steady, "slipway release HEAD", "leads out of this machine", "Next: slipway provision --outside")
    steady.machine.run(f"mv /tmp/former {place}; find {place} -empty -delete")


def test_a_dry_run_changes_nothing(steady):
    before = steady.live()
    for command in ("slipway release HEAD", f"slipway rollback {before[1]}", "slipway restart"):
        said = steady.machine.run(f"{command} --dry-run").stdout
        assert "Would" in said
        assert before[1] in said
    assert steady.live() == before
    assert leftovers(steady.machine) == []


def test_every_command_explains_itself(steady):
    listed = steady.machine.run("slipway help").stdout.splitlines()[2:]
    names = {line.split()[0] for line in listed}
    assert {"provision", "release", "rollback", "restart", "status", "backup", "restore", "certificate"} <= names
    for name in names:
        explained = steady.machine.run(f"slipway {name} --help").stdout
        assert f"slipway {name}" in explained or f"deploy/vps/{name}" in explained
        assert "set -euo" not in explained
