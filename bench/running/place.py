"""Where the benchmark works: the project, its state, and private servers that stop with it."""

import fcntl
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from bench import BenchmarkError
from devtools import databases, postgres, valkey

PROJECT = Path(__file__).resolve().parents[2]
STATE = PROJECT / ".dev"
RESULTS = STATE / "bench"
DATABASE = "bench"  # has the schema, and nothing in it
PIPE_BYTES = 1 << 20  # what is written until it is emptied again
READER = f"import os, time\nwhile os.read(0, {PIPE_BYTES}): time.sleep(0.02)"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  as in gunicorn.conf.py


@dataclass(frozen=True)
class Place:
    """Servers, a folder for sockets, and descriptors of two pipes for logs.

    One is emptied some times a second, so no line pays for waking a reader up: that is the system's price, and depends
    on what it is doing besides. The other one's reader waits for each line, as journald may.
    """

    postgres: postgres.Server
    redis_url: str
    folder: Path
    log: int
    awaited_log: int

    def database(self, name: str) -> str:
        """Return the URL of a fresh database with the service's schema, under this name."""
        with psycopg.connect(self.postgres.uri("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        databases.create(self.postgres, name)
        self._migrate(name)
        return self.postgres.url(name)

    def service(self, **changes: str) -> dict[str, str]:
        """Return the environment of the service in production, behind one proxy, with everything but Sentry on."""
        return {
            **self.bare(),
            "APP_ENV": "production",
            "SECRET_KEY": secrets.token_hex(32),
            "DATABASE_URL": self.postgres.url(DATABASE),
            "REDIS_URL": self.redis_url,
            "PUBLIC_URL": "https://example.org",
            "TRUSTED_HOSTS": "example.org",
            "PROXY_HOPS_FOR": "1",
            "PROXY_HOPS_PROTO": "1",
            "METRICS_BIND": f"unix:{self.folder}/{secrets.token_hex(4)}",
            "RATE_LIMIT": "off",  # at every address; those of single views are on
            "LOG_FORMAT": "json",
            **changes,
        }

    def everything(self) -> dict[str, str]:
        """Return the environment of the service with Sentry on too, at an address where nobody listens."""
        return self.service(
            SENTRY_DSN="http://key@127.0.0.1:1/1",
        )

    def core(self) -> dict[str, str]:
        """Return the environment of the service with what it cannot do without, and its metrics."""
        environ = self.service()
        del environ["REDIS_URL"]
        return environ

    def bare(self, **changes: str) -> dict[str, str]:
        """Return the environment of a process that needs no settings; compiled modules are kept, as in an image."""
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **changes}

    def metric_files(self) -> dict[str, str]:
        """Return the variable that has prometheus_client keep its counts in files, as under Gunicorn."""
        return {"PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp(dir=self.folder)}

    def _migrate(self, name: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "db", "upgrade"],
            cwd=PROJECT,
            env=self.service(DATABASE_URL=self.postgres.url(name), FLASK_SKIP_DOTENV="1"),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"the database could not be prepared: {done.stdout}{done.stderr}")


@contextmanager
def prepared() -> Iterator[Place]:
    """Run a private PostgreSQL and a private Valkey until the block ends; nothing but results stays."""
    with ExitStack() as stack:
        server = stack.enter_context(postgres.running(STATE / "bench-postgres", durable=False))
        redis = stack.enter_context(valkey.running(STATE / "bench-valkey", durable=False))
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=MEMORY))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        log = stack.enter_context(_emptied_pipe(sys.executable, "-c", READER))
        place = Place(server, redis.url(), folder, log, stack.enter_context(_emptied_pipe("cat")))
        place.database(DATABASE)
        yield place


@contextmanager
def _emptied_pipe(*reader: str) -> Iterator[int]:
    """Yield the end of a pipe whose other end the program `reader` reads."""
    with subprocess.Popen(reader, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        if process.stdin is None:
            raise BenchmarkError("the reader has no standard input")
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        yield process.stdin.fileno()
