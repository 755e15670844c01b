"""The files of deploy/supervisor and deploy/uwsgi as an operator installs them, in a folder in the place of `/`."""

import getpass
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from xmlrpc.client import dumps, loads

from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS, until

BIN = Path(sys.executable).parent
OF_A_RELEASE = ["app", "deploy", "gunicorn.conf.py", "migrations", "tests", "wsgi.py"]


def relocated(text, root):
    """Return what is installed, for a machine whose files are in `root` and whose one user is the one of this test."""
    text = re.sub(r"(?<![\w.])/(etc|srv|usr/local|var)/", rf"{root}/\1/", text)
    return re.sub(r"^user=\w+", f"user={getpass.getuser()}", text, flags=re.MULTILINE)


def asked(address, method, path, body=None):
    """Return status and text of the answer of whoever listens at that Unix socket."""
    connection = HTTPConnection("localhost")
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.settimeout(GENEROUS_SECONDS)
        connection.sock.connect(str(address))
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.read().decode()


class Installed:
    """A machine with Supervisor, the shipped programs and a release of this tree."""

    def __init__(self, root, settings, *, uwsgi=False):
        self.root = root
        self.uwsgi = uwsgi
        self.state = root / "var/lib/slipway"
        self.logs = root / "var/log/supervisor"
        self.gate = root / "gate"
        self.process = None
        for folder in ("etc/supervisor/conf.d", "etc/slipway/secrets", "srv/slipway/releases", "var/run"):
            (root / folder).mkdir(parents=True)
        for folder in ("usr/local/lib/slipway", "usr/local/sbin"):
            (root / folder).mkdir(parents=True)
        for folder in (self.state / "web-0", self.state / "web-1", self.logs, self.gate):
            folder.mkdir(parents=True)
        (self.state / "live").symlink_to("web-0")
        (root / "etc/slipway/secrets/secret_key").write_text(secrets.token_hex(32))
        self.set(settings)
        self.install("supervisor/supervisord.conf", "etc/supervisor/supervisord.conf")
        self.install("supervisor/slipway.conf", "etc/supervisor/conf.d/slipway.conf")
        self.install("supervisor/switch", "usr/local/sbin/slipway-switch").chmod(0o755)
        self.install("supervisor/health", "usr/local/lib/slipway/health-listener").chmod(0o755)
        if uwsgi:
            self.install("uwsgi/supervisor.conf", "etc/supervisor/conf.d/slipway_uwsgi.conf")
        self.release("1.2.3")

    def set(self, settings):
        """Write the settings anew."""
        lines = "".join(f"{name}='{value}'\n" for name, value in settings.items())
        (self.root / "etc/slipway/settings").write_text(lines)

    def install(self, shipped, place):
        path = self.root / place
        path.write_text(relocated((PROJECT / "deploy" / shipped).read_text(), self.root))
        return path

    def change(self, place, pattern, replacement):
        """Change what is installed, where a test is about a number that it cannot wait for."""
        path = self.root / place
        text, count = re.subn(pattern, replacement, path.read_text(), flags=re.MULTILINE)
        assert count, pattern
        path.write_text(text)

    def leave_out(self, *programs):
        """Have these not started by themselves, where a test is not about them."""
        for program in programs:
            self.change("etc/supervisor/conf.d/slipway.conf", rf"^\[program:{program}\]$", r"\g<0>\nautostart=false")

    def alone(self):
        """Run one web service, and nothing beside it."""
        self.leave_out("slipway-worker")
        self.change("etc/supervisor/conf.d/slipway.conf", "^numprocs=2", "numprocs=1")

    def soon_content(self):
        """Have Supervisor take a program for started after a second: for tests in which that is no question."""
        self.change("etc/supervisor/conf.d/slipway.conf", "^startsecs=10", "startsecs=1")

    def release(self, name):
        """Make a release of this tree under that name, and make it the current one."""
        folder = self.root / "srv/slipway/releases" / name
        folder.mkdir()
        for part in OF_A_RELEASE:
            (folder / part).symlink_to(PROJECT / part)
        (folder / ".venv").symlink_to(BIN.parent)
        (folder / "RELEASE.env").write_text(f"RELEASE={name}\nGIT_SHA=abc\n")
        current = self.root / "srv/slipway/current"
        current.unlink(missing_ok=True)
        current.symlink_to(folder)
        return folder

    def start(self, **variables):
        """Start Supervisor, and with it everything; programs inherit its environment."""
        inherited = {
            "PATH": f"{BIN}:{os.environ['PATH']}",  # where the listener finds supervisorctl
            "FLASK_APP": "tests.stack.tasks:make_app",  # jobs that only tests know
            "GATE": str(self.gate),
        }
        with (self.root / "supervisord.out").open("wb") as output:
            self.process = subprocess.Popen(
                [BIN / "supervisord", "--nodaemon", "--configuration", "etc/supervisor/supervisord.conf"],
                cwd=self.root,
                env=inherited | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until(lambda: self.listens() or self.process.poll() is not None)
        assert self.process.poll() is None, (self.root / "supervisord.out").read_text()

    def listens(self):
        """Whether Supervisor takes commands."""
        try:
            return asked(self.root / "var/run/supervisor.sock", "GET", "/")
        except OSError:
            return False

    def stop(self):
        """Stop Supervisor as a machine that shuts down does, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(2 * GENEROUS_SECONDS)

    def control(self, *words, check=True):
        """Have supervisorctl do something."""
        return self._run(BIN / "supervisorctl", *words, check=check)

    def switch(self, *, check=True):
        return self._run(self.root / "usr/local/sbin/slipway-switch", check=check)

    def _run(self, *words, check):
        done = subprocess.run(
            words,
            cwd=self.root / "etc/supervisor",  # where supervisorctl finds its configuration
            env={"PATH": f"{BIN}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=10 * GENEROUS_SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr + self.errors()
        return done

    def status(self, program):
        """Return the state of a program, and the number of its process, or 0; asked as supervisorctl asks."""
        question = dumps((program,), "supervisor.getProcessInfo")
        _, answer = asked(self.root / "var/run/supervisor.sock", "POST", "/RPC2", question)
        [told], _ = loads(answer)
        return told["statename"], told["pid"]

    def is_down(self, program):
        """Whether a program was given up, at once or when it had been up for a while."""
        return self.status(program)[0] in {"EXITED", "FATAL"}

    def pid(self, program):
        """Return the process number of a program, once Supervisor is content with it."""
        return until(lambda: self.running_pid(program))

    def running_pid(self, program):
        state, pid = self.status(program)
        assert state in {"STARTING", "RUNNING"}, (state, self.errors())
        return state == "RUNNING" and pid

    def text(self, name):
        """Return what a program has written, files that were turned included, in order."""
        files = sorted(
            self.logs.glob(f"{name}*"), key=lambda path: int(path.suffix[1:]) if path.suffix[1:].isdecimal() else 0
        )
        return "".join(path.read_text() for path in reversed(files))

    def records(self, name):
        """Return the log lines of a program, each of which has to be JSON."""
        return [json.loads(line) for line in self.text(f"{name}.log").splitlines()]

    def errors(self):
        return "".join(f"{path.name}: {path.read_text()}\n" for path in self.logs.glob("*.err*"))

    def internal(self, path, number=None):
        """Return status and text of what the internal address of an instance says; of the live one if none is named."""
        folder = self.state / ("live" if number is None else f"web-{number}")
        return asked(folder / "metrics.sock", "GET", path)

    def is_ready(self, number=0):
        """Whether an instance is; one that was given up never will be."""
        state, _ = self.status(f"slipway-web:web-{number}")
        assert state in {"STARTING", "RUNNING"}, (state, self.errors())
        try:
            return self.internal("/readyz", number)[0] == 200
        except OSError:
            return False

    def metric_folder(self, master):
        """Return the folder of its metrics: the master has a file there too, mapped into its memory."""
        maps = Path(f"/proc/{master}/maps").read_text().splitlines()
        return Path(next(line.split()[-1] for line in maps if "flask-metrics" in line)).parent

    def children(self, pid):
        """Return the processes that are children of `pid`, for a web service its workers."""
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@contextmanager
def installed(root, settings, **options):
    """An `Installed` of which nothing is left when the block ends."""
    machine = Installed(root, settings, **options)
    try:
        yield machine
    finally:
        if machine.process and machine.process.poll() is None:
            (machine.gate / "open").touch()
            try:
                machine.stop()
            finally:
                machine.process.kill()
        shutil.rmtree(root)
