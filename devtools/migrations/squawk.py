"""squawk, which knows what a statement of PostgreSQL locks and breaks: https://squawkhq.com/docs/rules."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools import DevelopmentError
from devtools.migrations.rendering import Statement

OLDEST_POSTGRES = "15"  # Debian 12 has it
NOT_ASKED = [
    "adding-foreign-key-constraint",  # constraint-missing-not-valid says the same
    "prefer-bigint-over-int",  # how a column should be declared is the model's business, and seen there
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",  # a migration is one transaction; what cannot be in it has a rule of ours
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-lock-timeout",  # env.py sets it
    "require-statement-timeout",  # env.py lifts it: what takes long must not lock, and other rules see to that
]


@dataclass(frozen=True)
class Complaint:
    """What squawk says of a statement: `sql` is the whole of it, and `part` what it points at."""

    statement: Statement
    rule: str
    message: str
    help: str
    sql: str
    part: str


def ask(statements: list[Statement]) -> list[Complaint]:
    """Return its complaints about these, which are run in one transaction."""
    if not statements:
        return []
    with tempfile.TemporaryDirectory(prefix="squawk-") as folder:
        script = Path(folder, "script.sql")
        script.write_text(_script(statements))
        return [_complaint(statements, each) for each in _run(script)]


def _run(script: Path) -> list[dict[str, str | int | None]]:
    program = Path(sys.executable).with_name("squawk")
    # Not the configuration that might lie in a folder above: what is left out is said here.
    configuration = script.with_name("squawk.toml")
    configuration.touch()
    options = ["--reporter=json", f"--pg-version={OLDEST_POSTGRES}", f"--config={configuration}"]
    options.append(f"--exclude={','.join(NOT_ASKED)}")
    done = subprocess.run([program, *options, script], capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, str | int | None]] = json.loads(done.stdout)
    except ValueError as error:
        raise DevelopmentError(f"squawk failed: {done.stderr.strip() or done.stdout.strip()}") from error
    return found


def _script(statements: list[Statement]) -> str:
    return "\n".join(["BEGIN;", *(statement.sql for statement in statements), "COMMIT;", ""])


def _complaint(statements: list[Statement], said: dict[str, str | int | None]) -> Complaint:
    script = _script(statements)
    starts = [0, *(match.end() for match in re.finditer("\n", script))]
    first = starts[int(said["line"] or 0)] + int(said["column"] or 0)
    last = starts[int(said["line_end"] or 0)] + int(said["column_end"] or 0)
    begin, end = script.rfind(";", 0, first) + 1, script.find(";", first)
    return Complaint(
        statement=_at(statements, int(said["line"] or 0)),
        rule=str(said["rule_name"]),
        message=str(said["message"]),
        help=str(said["help"] or ""),
        sql=script[begin:end].strip(),
        part=script[first:last],
    )


def _at(statements: list[Statement], line: int) -> Statement:
    """Return the statement that has this line of the script, counted from 0; the first one is BEGIN."""
    for statement, last in zip(statements, _last_lines(statements), strict=True):
        if line <= last:
            return statement
    return statements[-1]


def _last_lines(statements: list[Statement]) -> Iterator[int]:
    at = 0
    for statement in statements:
        at += statement.sql.count("\n") + 1
        yield at
