"""PostgreSQL and Redis on a machine of their own, as deploy/hosts has them: on the network, with TLS and passwords."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
from redis import Redis, RedisError

from devtools.keeping import account
from devtools.postgres import binaries
from tests.cluster.hosts.lan.network import PREFIX, started
from tests.cluster.hosts.lan.placed import certified, placed
from tests.conftest import PROJECT
from tests.stack.conftest import GENEROUS_SECONDS, until

INITDB = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
ACCESS = f"""
local all postgres trust
host all all 127.0.0.1/32 scram-sha-256
hostssl slipway slipway_migrate,slipway {PREFIX}.0/24 scram-sha-256
"""
TESTING = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
ROLES = ("slipway", "slipway_migrate")


class Stores:
    """The machine of the data: its folder, passwords, and how others name what is on it."""

    def __init__(self, machine):
        self.machine = machine
        self.account = account.of_server()
        self.folder = Path(tempfile.mkdtemp(prefix="stores-", dir="/tmp"))  # short, for the sockets in it
        self.passwords = {name: secrets.token_hex(16) for name in (*ROLES, "redis")}
        self.certificate, self.key = certified(self.folder, machine.address)
        self.own(self.folder, self.certificate, self.key)
        self.certificate.chmod(0o644)
        self._programs = binaries.find(self.account, self.folder).folder
        self._postgres = self._redis = None

    def own(self, *paths):
        """Give files to the account that servers run as; keys are its alone."""
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o600)
            os.chown(path, self.account.identity["user"], self.account.identity["group"])

    def start(self):
        data = self.folder / "data"
        self._run(self._programs / "initdb", "-D", data, *INITDB)
        shipped = placed("hosts/postgresql.conf", self.folder, self._places("postgresql"))
        self.own(shipped)
        (data / "pg_hba.conf").write_text(ACCESS)
        socket = f"unix_socket_directories = '{self.folder}'\n"
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"include '{shipped}'\n{socket}{TESTING}")
        self.start_postgres()
        for name in ROLES:
            self.sql(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{self.passwords[name]}'", "postgres")
        self.sql('CREATE DATABASE "slipway" OWNER slipway_migrate', "postgres")
        self.sql((PROJECT / "deploy/vps/lib/preparing/privileges.sql").read_text())
        self._start_redis()

    def start_postgres(self):
        with (self.folder / "postgresql.log").open("ab") as log:
            command = [self._programs / "postgres", "-D", self.folder / "data"]
            self._postgres = started(self.machine, command, stdout=log, stderr=log, **self.account.identity)
        until(self._answers)

    def stop_postgres(self):
        """End it as a restart does: at once, whoever is connected."""
        self._postgres.send_signal(signal.SIGINT)
        self._postgres.wait(GENEROUS_SECONDS)

    def _answers(self):
        assert self._postgres.poll() is None, (self.folder / "postgresql.log").read_text()
        try:
            return self.sql("SELECT 1", "postgres")
        except psycopg.OperationalError:
            return False

    def _start_redis(self):
        places = {
            "include /etc/redis/redis-slipway.conf": "",
            "/run/redis-hosts/redis-server.pid": self.folder / "redis.pid",
            "/var/lib/redis/hosts": self.folder,
        }
        shipped = placed("hosts/redis.conf", self.folder, places | self._places("redis"), requirepass=self._password)
        self.own(shipped)
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, "there is no Redis on this machine: apt-get install --no-install-recommends redis-server"
        with (self.folder / "redis.log").open("ab") as log:
            command = [program, shipped, "--port", "0", "--save", ""]
            self._redis = started(self.machine, command, stdout=log, stderr=log, **self.account.identity)
        with self.machine.inside():
            until(self._redis_answers)

    @property
    def _password(self):
        return self.passwords["redis"]

    def _redis_answers(self):
        assert self._redis.poll() is None, (self.folder / "redis.log").read_text()
        try:
            with Redis.from_url(self.redis_url()) as client:
                return client.ping()
        except RedisError:
            return False

    def _places(self, server):
        return {
            "/etc/slipway/stores/fullchain.pem": self.certificate,
            f"/etc/slipway/stores/{server}.key": self.key,
        }

    def _run(self, *command):
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self.account.identity)

    def sql(self, statement, database="slipway"):
        """Have the superuser execute a statement, by the socket; return the rows."""
        with psycopg.connect(f"host={self.folder} user=postgres dbname={database}", autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, role="slipway", port=5432):
        """Return how a host names the database."""
        proof = f"sslmode=verify-full&sslrootcert={self.certificate}"
        return f"postgresql://{role}:{self.passwords[role]}@{self.machine.address}:{port}/slipway?{proof}"

    def redis_url(self, database=0):
        proof = f"ssl_ca_certs={self.certificate}"
        return f"rediss://:{self._password}@{self.machine.address}:6380/{database}?{proof}"

    def close(self):
        for process in (self._postgres, self._redis):
            if process and process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(GENEROUS_SECONDS)
        shutil.rmtree(self.folder)
