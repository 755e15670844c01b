"""A stack of a test's own, released by deploy/swarm/release as anybody does it, and what tests ask of it."""

import http.client
import json
import os
import secrets
import shutil
import subprocess

from tests.conftest import PROJECT
from tests.containers.engine import free_ports, until

COMMANDS = PROJECT / "deploy/swarm"
HOST = "app.test"
SETTINGS = f"PUBLIC_URL=https://{HOST}\n"
# Who stands before the edge here is this machine, by whichever address Docker gives it.
FRONT = """
set_real_ip_from 0.0.0.0/0;
real_ip_header X-Forwarded-For;
geo $realip_remote_addr $slipway_fronted { default 1; }
"""


class Stack:
    """`stack.release("v2")` runs the command; `stack.services` and the like look at what the swarm made of it."""

    def __init__(self, engine, base, edge_image, suffix=""):
        self.engine, self.base = engine, base
        self.name = f"slipway-test-{os.getpid()}{suffix}"
        self.image = self.name
        [self.port] = free_ports(1)
        self.number = 0
        self.commands = COMMANDS
        self._edge_image = edge_image
        self.headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}

    @property
    def environ(self):
        return {"STACK": self.name, "IMAGE": self.image, "EDGE_PORT": str(self.port), "READY_SECONDS": "300"}

    # What an operator does.

    def make(self, *lines):
        """Build the image of another release, of these lines of a Dockerfile on top, and return its tag."""
        self.number += 1
        tag = f"v{self.number}"
        dockerfile = "\n".join([f"FROM {self.base}", "USER 0:0", *lines, "USER 10001:10001", f"ENV RELEASE={tag}"])
        self.engine("build", "--quiet", "--tag", f"{self.image}:{tag}", "-", input=dockerfile)
        self.engine("tag", self._edge_image, f"{self.image}-edge:{tag}")
        return tag

    def run(self, command, *arguments, **options):
        """Run a command of deploy/swarm, whether it succeeds or not."""
        environ = self.engine.environ | self.environ | options.pop("env", {})
        return subprocess.run(
            [self.commands / command, *arguments], env=environ, capture_output=True, text=True, check=False, **options
        )

    def put(self, name, value):
        done = self.run("put", name, input=value)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[0]

    def put_random(self, name):
        """Put a new one, and return under which name the swarm keeps it."""
        return self.put(name, secrets.token_hex(32))

    def own_files(self, folder):
        """Use a copy of deploy/ in this folder from now on, where a test may change what it wants."""
        shutil.copytree(COMMANDS.parent, folder / "deploy")
        self.commands = folder / "deploy/swarm"

    def change(self, file, before, after):
        """Change a text in the copy, in all places where it is."""
        path = self.commands / file
        assert before in path.read_text()
        path.write_text(path.read_text().replace(before, after))

    def release(self, tag, *options):
        """Release it, and return what the command said; it has to succeed."""
        done = self.run("release", tag, *options)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.says()}"
        return done.stdout

    # What there is.

    def service(self, name):
        return json.loads(self.engine("service", "inspect", f"{self.name}_{name}"))[0]

    def tasks(self, name, *states):
        """Return the tasks of a service whose state is one of these, the newest first; all of them without."""
        ids = self.engine("service", "ps", "--quiet", "--no-trunc", f"{self.name}_{name}").split()
        # One that is forgotten in between, as of each slot the swarm keeps the last five, fails the command only.
        found = json.loads(self.engine.result("inspect", "--type=task", *ids).stdout or "[]")
        found.sort(key=lambda task: task["CreatedAt"], reverse=True)
        return [task for task in found if not states or task["Status"]["State"] in states]

    def containers(self, name):
        """Return the ids of the containers of the tasks that run and should, in their order."""
        running = [task for task in self.tasks(name, "running") if task["DesiredState"] == "running"]
        return sorted(task["Status"]["ContainerStatus"]["ContainerID"] for task in running)

    def ready(self, name, count):
        """Wait until so many tasks run, and return their containers."""
        return until(lambda: len(found := self.containers(name)) == count and found)

    def mounted(self, name):
        """Return which secrets a service has, by the names of their files."""
        mounted = self.service(name)["Spec"]["TaskTemplate"]["ContainerSpec"]["Secrets"]
        return {secret["File"]["Name"]: secret["SecretName"] for secret in mounted}

    def configs(self, name):
        """Return which configs a service has."""
        return {each["ConfigName"] for each in self.service(name)["Spec"]["TaskTemplate"]["ContainerSpec"]["Configs"]}

    def serving(self, name="web"):
        """Return the releases whose tasks of a service run."""
        images = {task["Spec"]["ContainerSpec"]["Image"] for task in self.tasks(name, "running")}
        return {image.rpartition(":")[2] for image in images}

    def says(self):
        """Return what tells why, when a test fails."""
        services = [self.engine.result("stack", "ps", "--no-trunc", self.name).stdout]
        logs = [self.engine.result("service", "logs", "--tail=15", f"{self.name}_{name}") for name in ("web", "edge")]
        return "\n".join([*services, *(log.stdout + log.stderr for log in logs)])

    def psql(self, statement, database="slipway"):
        """Have PostgreSQL's superuser say what a statement yields."""
        [postgres] = self.ready("postgres", 1)
        return self.engine("exec", postgres, "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement)

    def log_in(self, role):
        """Have PostgreSQL let a role in by the network, with the password that its secret says."""
        [postgres] = self.ready("postgres", 1)
        asking = (
            "PGPASSWORD=$(cat /run/secrets/$0_password) psql --host=127.0.0.1 --username=$0 --dbname=postgres --list"
        )
        self.engine("exec", postgres, "sh", "-c", asking, role)

    # A client of its own.

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, path, method="GET", **headers):
        """Ask once over a connection of its own; return status, headers and body."""
        connection = self.connection()
        connection.request(method, path, headers=self.headers | headers)
        answer = connection.getresponse()
        said = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return said

    def remove(self):
        for names in (["edge", "web", "worker"], ["postgres", "redis"]):
            self.engine.result("service", "rm", *(f"{self.name}_{name}" for name in names))
            until(lambda names=names: not any(self._left(name) for name in names))
        self.engine.result("stack", "rm", self.name)
        for kind in ("config", "secret"):
            names = self.engine(kind, "ls", f"--filter=name={self.name}_", "--format={{.Name}}").split()
            self.engine.result(kind, "rm", *names)
        volumes = [f"{self.name}_{name}" for name in ("postgres", "redis", "backups")]
        until(lambda: self.engine.result("volume", "rm", "--force", *volumes).returncode == 0)
        images = self.engine(
            "images", "--filter", f"reference={self.name}*", "--format={{.Repository}}:{{.Tag}}"
        ).split()
        self.engine.result("rmi", "--force", *images)

    def _left(self, name):
        return self.engine("ps", "--quiet", f"--filter=name=^{self.name}_{name}")
