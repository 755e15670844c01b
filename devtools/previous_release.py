"""`python -m devtools.previous_release` runs the tests of the release before on the schema that this tree makes.

They have to pass, since both releases meet that schema while one takes over from the other, and after a rollback.
`--since=TAG` names another release than the newest tag `v...` before this commit; other arguments go to pytest.
The status is pytest's; 0 if there was no release yet, 3 if the tests of that one cannot be given a schema.
"""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools import DevelopmentError, command, databases, postgres
from devtools.migrations import released
from devtools.postgres import Server

PROJECT = Path.cwd()
SEAM = "TEST_TEMPLATE"  # the variable by which tests/conftest.py is given a schema
UNAVAILABLE = 3


def main(arguments: list[str]) -> int:
    """Run them; return the exit status."""
    since = [argument.removeprefix("--since=") for argument in arguments if argument.startswith("--since=")]
    tests = [argument for argument in arguments if not argument.startswith("--since=")]
    try:
        release = since[-1] if since else released.newest(PROJECT)
        if release is None:
            print("There was no release before this commit (no tag v...), so there is nothing to try.")
            return 0
        folder = checkout(released.resolve(PROJECT, release))
        if SEAM not in (folder / "tests/conftest.py").read_text():
            print(f"UNAVAILABLE: the tests of {release} cannot be given a schema ({SEAM}).", file=sys.stderr)
            return UNAVAILABLE
        return try_on_this_schema(release, folder, tests)
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return 1


def checkout(commit: str) -> Path:
    """Return a folder with that commit, and with an environment that has what it was locked with."""
    folder = PROJECT / ".dev" / "previous-release" / commit[:12]
    if not (folder / ".git").exists():
        run(["git", "clone", "--quiet", "--shared", "--no-checkout", str(PROJECT), str(folder)], PROJECT)
    run(["git", "checkout", "--quiet", "--force", "--detach", commit], folder)
    if not (folder / ".venv").exists():
        locked = Path("requirements-dev.txt")
        if (folder / locked).read_bytes() == (PROJECT / locked).read_bytes():
            (folder / ".venv").symlink_to(sys.prefix)
        else:
            run(["make", f"PYTHON={sys.executable}", ".venv/bin/.installed"], folder)
    return folder


def try_on_this_schema(release: str, folder: Path, tests: list[str]) -> int:
    """Migrate a database by this tree's revisions, and return how pytest ends there."""
    with postgres.running(PROJECT / ".dev" / "test-postgres", durable=False) as server, schema(server) as name:
        print(f"The tests of {release} that use the database, on the schema of this tree:", flush=True)
        environ = {**without_settings(), "DATABASE_URL": server.url("postgres"), SEAM: name}
        pytest = [str(folder / ".venv/bin/python"), "-m", "pytest", "--no-cov", "--quiet", "--numprocesses=2"]
        os.chdir(folder)
        status = command.run([*pytest, "--dist=loadfile", *tests], environ)
        print(f"{release} {'goes on' if status == 0 else 'could not go on'} with this schema.")
        return status


@contextmanager
def schema(server: Server) -> Iterator[str]:
    """The name of a database that this tree has migrated."""
    name = f"schema_{os.getpid()}"
    databases.create(server, name)
    try:
        settings = {"APP_ENV": "testing", "SECRET_KEY": secrets.token_hex(32), "DATABASE_URL": server.url(name)}
        flask = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        run(flask, PROJECT, {**without_settings(), **settings, "PUBLIC_URL": "http://localhost"})
        yield name
    finally:
        databases.drop(server, name)


def without_settings() -> dict[str, str]:
    """Return this process's variables without those that would lead to another database, or ask for more."""
    ours = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "APP_ENV", "APP_CONFIG_FILE", "FLASK_", "PG", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(arguments: list[str], folder: Path, environ: dict[str, str] | None = None) -> None:
    """Run a command; raise DevelopmentError with what it said if it fails."""
    done = subprocess.run(arguments, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevelopmentError(f"{' '.join(arguments[:6])} failed:\n{done.stdout}{done.stderr}".rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
