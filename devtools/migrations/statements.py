"""What a statement of SQL does, and to which table, as far as a glance tells; and the rules that squawk lacks."""

import re
from collections.abc import Iterator

from devtools.migrations.rendering import Statement
from devtools.migrations.rules import Finding

_NAME = r'(?:[\w$]+|"[^"]+")'
_TABLE = re.compile(
    r"\b(?:(?:ALTER|DROP) TABLE|TRUNCATE(?: TABLE)?|DELETE FROM|MERGE INTO|INSERT INTO|UPDATE|INDEX\b[^(]*?\bON)"
    rf"\s+(?:IF EXISTS\s+)?(?:ONLY\s+)?((?:{_NAME}\.)?{_NAME})",
    re.IGNORECASE,
)
_CREATED = re.compile(rf"\bCREATE (?:UNLOGGED )?TABLE\s+(?:IF NOT EXISTS\s+)?((?:{_NAME}\.)?{_NAME})", re.IGNORECASE)
_LEAVES = re.compile(rf"\b(?:DROP COLUMN(?: IF EXISTS)?|RENAME(?: COLUMN)?)\s+({_NAME})", re.IGNORECASE)
_CHANGES_ROWS = re.compile(
    r"(?:WITH\b.*\b)?(?:UPDATE\b|DELETE FROM\b|MERGE INTO\b|TRUNCATE\b|INSERT INTO\b.*\bSELECT\b)",
    re.IGNORECASE | re.DOTALL,
)
_NOT_IN_A_TRANSACTION = re.compile(r"\bCONCURRENTLY\b|\bADD VALUE\b|\bVALIDATE CONSTRAINT\b|^VACUUM\b", re.IGNORECASE)
_CONCURRENT = re.compile(
    rf"(CREATE|DROP)\s.*?INDEX CONCURRENTLY\s+(IF EXISTS\s+)?(?:IF NOT EXISTS\s+)?((?:{_NAME}\.)?{_NAME})",
    re.IGNORECASE | re.DOTALL,
)


def table(sql: str) -> str:
    """Return the table that the statement is about, without quotes and schema; empty when it names none."""
    found = _TABLE.search(sql)
    return _bare(found[1]) if found else ""


def created(sql: str) -> list[str]:
    """Return the tables that it creates."""
    return [_bare(name) for name in _CREATED.findall(sql)]


def leaving_column(part: str) -> str:
    """Return the column that is dropped or renamed here."""
    found = _LEAVES.search(part)
    return _bare(found[1]) if found else ""


def changes_rows(sql: str) -> bool:
    """Tell whether it changes rows that are there."""
    return bool(_CHANGES_ROWS.match(sql))


def wants_no_transaction(sql: str) -> bool:
    """Tell whether PostgreSQL refuses it in a transaction, or it is better without one."""
    return bool(_NOT_IN_A_TRANSACTION.search(sql))


def concurrent_index(sql: str) -> tuple[str, str]:
    """Return `create` or `drop` with the index that it names; `drop` only of one that may not be there."""
    found = _CONCURRENT.match(sql)
    if not found or (found[1].upper() == "DROP" and not found[2]):
        return "", ""
    return found[1].lower(), _bare(found[3])


def autocommit(rendered: list[Statement]) -> Iterator[Finding]:
    """Yield what is wrong in the autocommit blocks of a revision."""
    real = [each for each in rendered if each.sql not in {"BEGIN;", "COMMIT;"}]
    gone: set[str] = set()
    for each in real:
        if each.autocommit and not wants_no_transaction(each.sql):
            yield _finding(each, "autocommit", "it could be in the transaction")
        elif each.autocommit and not all(other.autocommit for other in real):
            yield _finding(each, "autocommit", "this revision has more than what is in its autocommit block")
        what, index = concurrent_index(each.sql)
        if what == "create" and index not in gone:
            yield _finding(each, "autocommit-repeat", f"{index} cannot be built a second time")
        gone |= {index} if what == "drop" else set()


def data_changes(transaction: list[Statement], fresh: set[str]) -> Iterator[Finding]:
    """Yield each change of rows in a table that is not fresh."""
    for statement in transaction:
        for sql in map(str.strip, statement.sql.split(";")):
            if changes_rows(sql) and table(sql) not in fresh:
                yield _finding(statement, "data-change", f"rows of {table(sql)} are changed")


def _finding(statement: Statement, rule: str, what: str) -> Finding:
    return Finding(statement.revision.path, statement.line, rule, what)


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"')
