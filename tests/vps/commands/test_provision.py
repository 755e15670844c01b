"""What provision makes of a machine, what it leaves alone, and what it refuses."""

import re

import pytest

from tests.copies import copied
from tests.vps.service import DOMAIN, SOURCE

pytestmark = pytest.mark.vps

PROVISION = f"cd {SOURCE} && deploy/vps/provision"
CHANGED = "find / -xdev -newer /tmp/then -type f ! -path '/tmp/*' ! -path '/var/log/*' ! -path '/var/tmp/*'"
ON_DEBIAN_11 = (
    "unshare --mount bash -c 'sed s/12/11/g /etc/os-release >/tmp/older && mount --bind /tmp/older /etc/os-release"
    f" && {PROVISION} --domain app.test'"
)
AS_NOBODY = (
    f"cp -r {SOURCE} /tmp/tree && chmod -R a+rX /tmp/tree && cd /tmp/tree"
    " && setpriv --reuid=nobody --clear-groups deploy/vps/provision --domain app.test"
)


def sql(machine, role, statement):
    """Run a statement as a user of the machine, who has the role of the same name; `result.stderr` says what failed."""
    command = f"cd / && runuser -u {role} -- psql --no-psqlrc -qAt 'postgresql:///slipway?host=/run/postgresql'"
    return machine.run(f"{command} --set=ON_ERROR_STOP=1", check=False, input=statement)


@pytest.fixture(scope="module")
def bare(machine, tmp_path_factory):
    """A machine that nobody has prepared, with the tree on it."""
    machine.put(copied(tmp_path_factory.mktemp("tree")), SOURCE)
    return machine


def test_a_dry_run_on_a_bare_machine_tells_everything_and_changes_nothing(bare):
    bare.run("touch /tmp/then && sleep 1")
    told = bare.run(f"{PROVISION} --domain {DOMAIN} --email ops@{DOMAIN} --swap 1G --outside --dry-run").stdout
    assert bare.run(CHANGED).stdout == ""
    for change in (
        "packages certbot nginx",
        "user slipway_migrate",
        "PostgreSQL role slipway",
        "/etc/redis/redis-slipway.conf",
        "/etc/slipway/settings",
        "secret_key",
        "Nginx serves app.test",
        "slipway.target",
        "swap of 1G",
        "Let's Encrypt",
    ):
        assert change in told
    assert bare.run("id slipway", check=False).returncode == 1


@pytest.mark.parametrize(
    ("command", "said", "following"),
    [
        (PROVISION, "under which name", "Next: deploy/vps/provision --domain app.example.org"),
        (f"{PROVISION} --domain https://app.test", "--domain takes a name", "--help explains"),
        (f"{PROVISION} --domain app.test --workers many", "--workers takes a number", "--help explains"),
        (f"{PROVISION} --domain app.test --swap large", "--swap takes a size", "--help explains"),
        (f"{PROVISION} --domain", "needs a value", "--help explains"),
        (f"{PROVISION} app.test", "app.test is not an option", "--help explains"),
        (AS_NOBODY, "only root may do this", "Next: sudo deploy/vps/provision --domain app.test"),
        (ON_DEBIAN_11, "this is 11 debian", "Debian 12 and 13 only"),
    ],
)
def test_what_it_cannot_do_is_refused_before_anything_is_changed(bare, command, said, following):
    result = bare.run(command, check=False)
    assert result.returncode in {1, 2}
    assert said in result.stderr
    assert following in result.stderr
    assert bare.run("ls -d /etc/slipway /srv/slipway", check=False).returncode


def test_a_second_time_it_changes_nothing_and_says_so(server):
    server.run("sleep 1; touch /tmp/then; sleep 1")
    again = server.run(PROVISION).stdout
    assert "nothing: all is as it should be" in again
    changed = server.run(f"{CHANGED} ! -path '/srv/slipway/*' ! -path '/var/lib/postgresql/*'").stdout.splitlines()
    assert [path for path in changed if path.startswith(("/etc", "/usr", "/var/lib/slipway"))] == []


def test_it_can_be_called_by_its_short_name_too(server):
    assert "nothing: all is as it should be" in server.run("cd / && slipway provision").stdout


def test_what_an_operator_has_written_stays_and_what_is_ours_is_mended(service):
    run = service.machine.run
    run("sed -i 's/^PROXY_HOPS_FOR=.*/PROXY_HOPS_FOR=2/; $ a LOG_LEVEL=WARNING' /etc/slipway/settings")
    run("sed -i 's/app.test;/app.test www.app.test;/' /etc/nginx/slipway/server_name.conf")
    run("echo '# mine' >>/etc/nginx/slipway/tls.conf; rm /etc/systemd/system/slipway-backup.timer")
    key, settings = run("sha256sum /etc/slipway/secrets/*").stdout, run("cat /etc/slipway/settings").stdout
    told = run(PROVISION).stdout
    assert "it would be PROXY_HOPS_FOR=1" in told
    assert run("sha256sum /etc/slipway/secrets/*").stdout == key
    assert run("cat /etc/slipway/settings").stdout == settings
    assert "www.app.test" in run("cat /etc/nginx/slipway/server_name.conf").stdout
    assert "# mine" not in run("cat /etc/nginx/slipway/tls.conf").stdout
    assert "# mine" in run("cat /var/lib/slipway/replaced/etc/nginx/slipway/tls.conf").stdout
    assert run("systemctl is-active slipway-backup.timer").stdout == "active\n"
    assert "nothing: all is as it should be" in run(PROVISION).stdout


def test_a_domain_that_the_settings_do_not_have_is_refused(server):
    result = server.run(f"{PROVISION} --domain other.test", check=False)
    assert result.returncode == 1
    assert "PUBLIC_URL=https://app.test" in result.stderr


@pytest.fixture
def fresh(server):
    """A table that the role that migrates has just created."""
    made = sql(server, "slipway_migrate", "CREATE TABLE fresh (id int GENERATED ALWAYS AS IDENTITY, name text)")
    assert made.returncode == 0, made.stderr
    yield
    sql(server, "slipway_migrate", "DROP TABLE fresh")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "CREATE TEMPORARY TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE fresh ADD COLUMN mine int",
        "DROP TABLE fresh",
        "TRUNCATE fresh",
        "CREATE INDEX mine ON fresh (name)",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "SET ROLE slipway_migrate",
        "COPY fresh TO PROGRAM 'id'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_role_that_serves_changes_no_schema(server, fresh, statement):
    result = sql(server, "slipway", statement)
    assert result.returncode
    assert re.search("permission denied|must be owner|must be superuser", result.stderr)


def test_the_role_that_serves_reads_and_writes_rows_of_what_the_other_has_just_created(server, fresh):
    number = sql(server, "slipway", "INSERT INTO fresh (name) VALUES ('by hand') RETURNING id").stdout
    assert sql(server, "slipway", f"UPDATE fresh SET name = 'x' WHERE id = {number} RETURNING name").stdout == "x\n"
    assert sql(server, "slipway", f"DELETE FROM fresh WHERE id = {number} RETURNING id").stdout == number


def test_the_role_that_migrates_changes_the_schema(server, fresh):
    changed = sql(server, "slipway_migrate", "ALTER TABLE fresh ADD COLUMN more int; CREATE INDEX ON fresh (name)")
    assert (changed.returncode, changed.stderr) == (0, "")


def test_nobody_else_of_the_machine_reaches_database_redis_or_secrets(server):
    assert sql(server, "nobody", "SELECT 1").returncode
    redis = "redis-cli -s /run/redis-slipway/redis.sock ping"
    assert server.run(f"runuser -u slipway -- {redis}").stdout == "PONG\n"
    assert "denied" in server.run(f"runuser -u nobody -- {redis} 2>&1", check=False).stdout
    assert server.run("runuser -u slipway -- cat /etc/slipway/secrets/secret_key", check=False).returncode
    assert server.run("runuser -u slipway -- ls /etc/slipway/secrets", check=False).returncode
    owned = server.run("stat --format '%a %U' /etc/slipway/secrets /etc/slipway/secrets/*").stdout
    assert owned == "700 root\n600 root\n"


def test_only_ssh_and_the_web_listen_beyond_this_machine(server):
    listening = server.run("ss -Hltn | awk '{ print $4 }' | sort -u").stdout.split()
    outside = {address.rpartition(":")[2] for address in listening if not address.startswith(("127.", "[::1]"))}
    assert outside <= {"22", "80", "443"}
    assert not [address for address in listening if address.endswith(":6379")]


def test_one_who_serves_has_no_shell_and_no_home(server):
    for user in ("slipway", "slipway_migrate"):
        assert server.run(f"getent passwd {user}").stdout.endswith(":/nonexistent:/usr/sbin/nologin\n")
