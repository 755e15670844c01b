"""The service on a machine, put there by the commands of the guide."""

import json
import time

from tests.copies import AS_SOMEBODY, copied

DOMAIN = "app.test"
SOURCE = "/root/slipway"
GENEROUS_SECONDS = 60
GIT = f"git -C {SOURCE} {' '.join(AS_SOMEBODY)}"

# For a tree that has no migration yet, such as one without the example.
FIRST = """
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
"""


class Service:
    """What tests ask of it and do to it, always through the machine's own commands."""

    def __init__(self, machine):
        self.machine = machine

    def provision(self, folder):
        """Bring this tree as a Git repository, and have the machine prepared; return the seconds this took."""
        self.machine.put(copied(folder), SOURCE)
        if not list((folder / "migrations/versions").glob("*.py")):
            self.commit({"migrations/versions/0001_first.py": FIRST})
        began = time.monotonic()
        self.machine.run(f"cd {SOURCE} && deploy/vps/provision --domain {DOMAIN}")
        return time.monotonic() - began

    def commit(self, changes):
        """Commit the tree with other contents for some files, by path."""
        for path, content in changes.items():
            self.machine.run(f"mkdir -p $(dirname {SOURCE}/{path}) && cat >{SOURCE}/{path}", input=content)
        self.machine.run(f"{GIT} add --all && {GIT} commit --quiet --allow-empty --message=changed")

    def uncommit(self):
        """Go back to the commit before."""
        self.machine.run(f"{GIT} reset --quiet --hard HEAD~1")

    def read(self, path):
        """Return the content of a file of the tree."""
        return self.machine.run(f"cat {SOURCE}/{path}").stdout

    def release(self, name, *, check=True):
        """Release the commit, under a name that pages show; return what the command said, and its status."""
        return self.machine.run(f"slipway release HEAD --name {name}", check=check)

    def live(self):
        """Return the colour that serves, and the folder of the release it serves."""
        links = "/var/lib/slipway/live", "/srv/slipway/current"
        return tuple(self.machine.run(f"basename $(readlink {link})").stdout.strip() for link in links)

    def get(self, path, *options):
        """Ask on the machine, through Nginx; return the status and the body."""
        command = ["curl", "--silent", "--insecure", "--max-time", "30", "--resolve", f"{DOMAIN}:443:127.0.0.1"]
        words = " ".join([*command, *options, "--write-out", "'\\n%{http_code}'", f"https://{DOMAIN}{path}"])
        body, _, status = self.machine.run(words, check=False).stdout.rpartition("\n")
        return int(status or 0), body

    def ready(self):
        """Return what readiness says, at the internal address, or nothing when nobody answers."""
        printed = self.machine.run("curl --silent --max-time 10 http://127.0.0.1:8001/readyz", check=False).stdout
        return json.loads(printed) if printed.startswith("{") else {}

    def wait_until_ready(self):
        """Wait until it says that it is to be sent requests."""
        deadline = time.monotonic() + GENEROUS_SECONDS
        while self.ready().get("status") != "ok":
            assert time.monotonic() < deadline, self.journal()
            time.sleep(0.1)

    def journal(self, *options):
        """Return the last lines of its units in the journal, or those that `options` ask for."""
        words = " ".join(options or ("--lines=40",))
        return self.machine.run(f"journalctl --no-pager --unit='slipway*' {words}").stdout

    def sql(self, statement):
        """Run a statement as the role that owns the schema, and return the rows as lines of text."""
        command = "cd / && runuser -u slipway_migrate -- psql --no-psqlrc --quiet --tuples-only --no-align slipway"
        return self.machine.run(f"{command} --set=ON_ERROR_STOP=1", input=statement).stdout.splitlines()

    def show(self, unit, *properties):
        """Return properties of a unit, by their names."""
        printed = self.machine.run(f"systemctl show {unit} --property={','.join(properties)}").stdout
        return dict(line.split("=", 1) for line in printed.splitlines())

    def web(self):
        """Return what systemd knows of the instance that serves, for a look whether it is still the same."""
        return self.show(f"slipway-web@{self.live()[0]}.service", "ActiveState", "MainPID", "NRestarts")

    def worker(self):
        """Return the same of the worker."""
        return self.show("slipway-worker@1.service", "ActiveState", "MainPID", "NRestarts")

    def certificate(self):
        """Return what a client has to trust, for its TLS to be proven too."""
        return self.machine.run("cat /etc/slipway/tls/fullchain.pem").stdout
