"""The stack of docker-compose.yml under a project name of its own, and what tests do with it."""

import json
import secrets
import subprocess
import time

import httpx
import yaml

from tests.conftest import PROJECT
from tests.containers.engine import free_ports

GENEROUS_SECONDS = 600
RELEASE = "1.2.3"  # as the images say of themselves
SERVICES = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
PATIENCE = "patience.yml"
ONE_SHOTS = {"secrets", "check", "migrate"}
LASTING = {name for name, service in SERVICES.items() if "profiles" not in service} - ONE_SHOTS


def until(condition):
    """Wait until `condition` returns something true, and return that."""
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.2)
    return found


class Stack:
    """A clone of this tree, started by `docker compose` as anybody does, but at a port that is free."""

    def __init__(self, engine, folder, images, *, override=()):
        self.engine, self.folder = engine, folder
        self.name = f"compose-test-{secrets.token_hex(4)}"
        self.port, grafana_port, kibana_port = free_ports(3)
        self.url = f"http://localhost:{self.port}"
        self.images = images
        self.environ = {
            "COMPOSE_FILE": ":".join(["docker-compose.yml", *override, PATIENCE]),
            "COMPOSE_PROJECT_NAME": self.name,
            "EDGE_PORT": str(self.port),
            "GRAFANA_PORT": str(grafana_port),
            "KIBANA_PORT": str(kibana_port),
            "SLIPWAY_IMAGE": self.name,
            "RELEASE": RELEASE,
        }

    @property
    def image(self):
        """The name of the image that its commands mean."""
        return f"{self.environ['SLIPWAY_IMAGE']}:{self.environ['RELEASE']}"

    def tag_images(self):
        """Give the images of this tree the names that its commands use."""
        for image, name in zip(self.images, (self.name, f"{self.name}-edge"), strict=True):
            self.engine("tag", image, f"{name}:{RELEASE}")

    def compose(self, *arguments, check=True, **options):
        """Run a command of compose; return what it printed, or with `check=False` all that became of it."""
        result = self.engine.result("compose", *arguments, cwd=self.folder, env=self.environ, **options)
        if not check:
            return result
        assert result.returncode == 0, f"{arguments}\n{result.stdout}\n{result.stderr}\n{self.says()}"
        return result.stdout.strip()

    def up(self, *arguments):
        return self.compose("up", "--detach", "--wait", "--wait-timeout", GENEROUS_SECONDS, "--no-build", *arguments)

    def deploy(self, command, *arguments, **variables):
        """Run a command of deploy/docker as an operator does, and return what became of it."""
        environ = self.engine.environ | self.environ | variables
        program = [self.folder / "deploy/docker" / command, *arguments]
        return subprocess.run(
            program, cwd="/", env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )

    def release(self, *arguments, **variables):
        """Run deploy/docker/release with images that are there."""
        return self.deploy("release", "--no-build", *arguments, **{"WAIT_SECONDS": "300"} | variables)

    def serving(self):
        """Return the release that answers."""
        with self.client() as client:
            return client.get("/openapi.json").json()["info"]["version"]

    def derive(self, folder, name, *lines, **files):
        """Make a release of ours with something changed, by a Dockerfile's lines and files for it; return its name."""
        for file, content in files.items():
            (folder / file).write_text(content)
        (folder / "Dockerfile").write_text("\n".join([f"FROM {self.name}:{RELEASE}", *lines, ""]))
        self.engine("build", "--quiet", "--tag", f"{self.name}:{name}", folder)
        self.engine("tag", f"{self.name}-edge:{RELEASE}", f"{self.name}-edge:{name}")
        return name

    def settle(self, web=1):
        """Have everybody run who lasts, as they are, without what runs once; and wait until a visitor is answered."""
        self.compose(
            "up", "--detach", "--no-deps", "--no-recreate", "--no-build", f"--scale=web={web}", *sorted(LASTING)
        )
        until(lambda: self.status() == 200)

    def says(self):
        """Return the last lines of everybody, for a test that fails."""
        result = self.compose("logs", "--tail=20", check=False)
        return result.stdout + result.stderr

    def logs(self, service):
        return self.compose("logs", "--no-log-prefix", service)

    def containers(self, service=""):
        """Return the ids of its containers, or of those of one service, ended ones too."""
        return self.compose("ps", "--all", "--quiet", *filter(None, [service])).split()

    def container(self, service):
        [found] = self.containers(service)
        return found

    def services(self):
        """Return the names of what runs or has run, each with its state and exit status."""
        lines = self.compose("ps", "--all", "--format=json").splitlines()
        return {each["Service"]: (each["State"], each["ExitCode"]) for each in map(json.loads, lines)}

    def run(self, service, *command, **options):
        """Run a command in a container that is running."""
        return self.compose("exec", "--no-TTY", service, *command, **options)

    def sql(self, statement):
        return self.run("postgres", "psql", "--no-align", "--tuples-only", "--dbname=slipway", f"--command={statement}")

    def python(self, service, code, **options):
        """Run some Python in a container that has it."""
        return self.run(service, "python", "-c", code, **options)

    def client(self):
        return httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def status(self, path="/readyz"):
        """Return the status of an answer, or 0 if there was none."""
        try:
            return httpx.get(self.url + path, timeout=60, trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def write(self, title):
        """Store a note as a visitor of the API does, and return where it is."""
        with self.client() as client:
            answer = client.post("/v1/notes", json={"title": title, "body": "one two three"})
            assert answer.status_code == 201, answer.text
            return answer.headers["Location"]

    def read(self, location):
        with self.client() as client:
            return client.get(location)

    def down(self, *arguments):
        return self.compose("--profile=*", "down", "--timeout=20", *arguments)

    def destroy(self):
        """Leave nothing of it."""
        self.compose("--profile=*", "kill", check=False)
        self.compose("--profile=*", "down", "--volumes", "--remove-orphans", "--timeout=1", check=False)
        tags = self.engine("images", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={self.name}*").split()
        if tags:
            self.engine.result("rmi", "--force", *tags)


def smoke(url, *options):
    """Run deploy/smoke_test.sh."""
    command = ["sh", PROJECT / "deploy/smoke_test.sh", *options, url]
    return subprocess.run(command, capture_output=True, text=True, timeout=GENEROUS_SECONDS, check=False)
