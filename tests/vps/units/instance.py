"""What the tests of the units share: requests to an instance itself, and a table that is held until somebody waits."""

import shlex
import time
from contextlib import contextmanager

GENEROUS_SECONDS = 60
NOTE = """--header 'Content-Type: application/json' --data '{"title": "waits", "body": "one two three"}'"""


def until(condition):
    """Wait until `condition` returns something true, and return that."""
    deadline = time.monotonic() + GENEROUS_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not become true"
        time.sleep(0.1)
    return found


def web(service):
    """Return the unit of the instance that serves."""
    return f"slipway-web@{service.live()[0]}.service"


def asking(service, path):
    """Return the command that asks the instance that serves, past Nginx, and prints the status."""
    headers = "--header 'X-Forwarded-Proto: https' --header 'X-Forwarded-For: 203.0.113.9'"
    options = f"--silent --max-time 30 --output /dev/null --write-out '%{{http_code}}\\n' {headers}"
    return f"curl {options} --unix-socket /run/slipway/{service.live()[0]}/web.sock http://app.test{path}"


def in_background(service, name, command):
    """Run a command as a unit of its own; what it prints goes to /run/NAME."""
    into = f"--property=StandardOutput=truncate:/run/{name}"
    service.machine.run(f"systemd-run --collect --unit={name} {into} sh -c {shlex.quote(command)}")


def is_over(service, name):
    return service.show(name, "ActiveState") == {"ActiveState": "inactive"}


def main_process(service, unit):
    return service.show(unit, "MainPID")["MainPID"]


@contextmanager
def held(service, table):
    """Have whoever writes to a table wait, until the block ends."""
    lock = shlex.quote(f"BEGIN; LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(600)")
    service.machine.run(f"systemd-run --collect --unit=hold --uid=slipway_migrate psql --dbname=slipway -c {lock}")
    holders = "FROM pg_locks WHERE mode = 'ShareRowExclusiveLock' AND granted"
    until(lambda: service.sql(f"SELECT 1 {holders}"))
    try:
        yield
    finally:
        service.sql(f"SELECT pg_terminate_backend(pid) {holders}")


def somebody_waits(service):
    return service.sql("SELECT 1 FROM pg_locks WHERE NOT granted")
