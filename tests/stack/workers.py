"""A worker as an operator starts it: `flask jobs worker`, and what it has written."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS

FLASK = Path(sys.executable).with_name("flask")
WITH_TASKS = ["--app", "tests.stack.tasks:make_app"]


class Worker:
    def __init__(self, process, folder):
        self.process = process
        self.pid = process.pid
        self.gate = folder / "gate"
        self._stdout, self._stderr = folder / "stdout", folder / "stderr"

    def records(self):
        assert self._stderr.read_text() == ""
        return [json.loads(line) for line in self._stdout.read_text().split("\n")[:-1]]

    def messages(self):
        return [record["message"] for record in self.records()]

    def says(self, text):
        return any(text in message for message in self.messages())

    def is_waiting(self):
        assert self.process.poll() is None, self._stdout.read_text() + self._stderr.read_text()
        return self.says("waits for jobs")

    def signal(self, signum):
        self.process.send_signal(signum)

    def wait(self):
        return self.process.wait(GENEROUS_SECONDS)


@contextmanager
def working(folder, environ, *options, queue="default"):
    """Run a worker until the block ends; nothing is left of it then, whatever happened."""
    folder.mkdir(parents=True)
    gate = Path(environ.setdefault("GATE", str(folder / "gate")))
    gate.mkdir(exist_ok=True)
    with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [FLASK, *(options or WITH_TASKS), "jobs", "worker", "--queue", queue],
            cwd=PROJECT,
            env={"PATH": os.environ["PATH"]} | environ,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    worker = Worker(process, folder)
    worker.gate = gate
    try:
        yield worker
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)  # its job goes with it
            process.wait()


def flask(environ, *arguments):
    """Run a command of the service, and return what came of it."""
    return subprocess.run(
        [FLASK, *WITH_TASKS, *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]} | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=GENEROUS_SECONDS,
    )
