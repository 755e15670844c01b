"""Projects in which the tests run the development tools, on real servers and with real processes."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest

from devtools import clean, locks, postgres
from devtools.keeping import state
from devtools.postgres import Server

CHECKOUT = Path(__file__).resolve().parents[2]
GENEROUS_SECONDS = 60


class Project:
    """A folder with running state, and the processes that were started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".dev" / "postgres"
        self.valkey = folder / ".dev" / "valkey"
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *command: str, **environ: str) -> subprocess.Popen[str]:
        return self.start_python("-m", "devtools", *command, **environ)

    def start_python(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environ() | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def environ(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in ("PATH", "DEV_POSTGRES_BIN") if name in os.environ}
        return inherited | {"PYTHONPATH": str(CHECKOUT)}

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*command, **environ)
        output, errors = process.communicate(timeout=GENEROUS_SECONDS)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)

    def keeper(self, folder: Path | None = None) -> int:
        """Return the number of the process that keeps PostgreSQL, or the server of the folder."""
        return int(((folder or self.state) / state.KEEPER).read_text())

    def server(self, folder: Path | None = None) -> int:
        """Return the number of PostgreSQL's first process, or that of the server of the folder."""
        noted = state.noted_server(folder or self.state)
        assert noted
        return noted[0]

    def is_quiet(self, *folders: Path) -> bool:
        """Tell whether no server runs: in the folders, or in any."""
        names = (state.KEEPER, state.SERVER)
        files = [folder / name for folder in folders or (self.state, self.valkey) for name in names]
        return not any(file.exists() and locks.is_held(file) for file in files)

    def kill(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream:  # not read to the end, which a child that was left behind would never give
                    stream.close()
        while not self.is_quiet():
            for folder in (self.state, self.valkey):
                if folder.exists():
                    state.stop(folder)

    def close(self) -> None:
        self.kill()
        clean.clean(self.folder / ".dev")


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    # Not tmp_path, whose parent is closed to the account that runs PostgreSQL in place of root.
    folder = Path(tempfile.mkdtemp(prefix="devtools-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new_project(place: Path) -> Iterator[Project]:
    """A project that has never run."""
    project = Project(Path(tempfile.mkdtemp(dir=place)))
    project.folder.chmod(0o755)
    yield project
    project.close()


@pytest.fixture
def project(new_project: Project, place: Path) -> Iterator[Project]:
    """A project that has run before. Its data goes from test to test, since making it takes the most time."""
    kept = place / "kept"
    with postgres.running(kept, durable=False) if not kept.exists() else nullcontext():
        pass
    new_project.state.parent.mkdir()
    kept.rename(new_project.state)
    yield new_project
    new_project.kill()
    new_project.state.rename(kept)


@pytest.fixture
def query() -> Callable[[Server, str], str]:
    def ask(server: Server, statement: str) -> str:
        with psycopg.connect(server.uri("postgres")) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return str(row[0]) if row else ""

    return ask


@pytest.fixture
def until() -> Callable[[Callable[[], object]], None]:
    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + GENEROUS_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "this did not become true"
            time.sleep(0.01)

    return wait


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    def look(pid: int) -> bool:
        shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip()[:1] not in ("", "Z")  # a zombie has ended

    return look


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can set this up: run the tests as root")


@pytest.fixture(scope="session")
def shared_server(place: Path) -> Iterator[Server]:
    """One server for the tests that only look at it."""
    with postgres.running(place / "shared", durable=False) as server:
        yield server
