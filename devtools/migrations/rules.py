"""What a migration must not do while the release before it runs, in words: why not, and what to do in its place.

Rules that squawk finds have its names; what it says itself holds for those that are not listed here.
"""

from dataclasses import dataclass
from pathlib import Path

RULES = {
    "adding-required-field": (
        "the release that runs writes no such column: each INSERT of it would fail",
        "give it a server_default, or let it be NULL and demand it in a later release",
    ),
    "adding-not-nullable-field": (
        "nobody can read while all rows are searched for NULL, and the release that runs may still write it",
        "in steps: a CHECK that is NOT VALID, VALIDATE it, then SET NOT NULL",
    ),
    "autocommit": (
        "what runs in an autocommit block is not undone when a later statement fails, nor what the block commits",
        "a revision of its own for it, and in the block only what PostgreSQL refuses in a transaction, or VALIDATE",
    ),
    "autocommit-repeat": (
        "an index whose building failed stays there, invalid, and the next attempt fails on its name",
        "DROP INDEX CONCURRENTLY IF EXISTS before it, in the same block",
    ),
    "ban-drop-column": ("", "remove it from the models, release that, and drop it with the release after"),
    "ban-drop-table": ("", "remove its models, release that, and drop it with the release after"),
    "changed-after-release": (
        "databases that have run it will not run it again, so they would differ from new ones",
        "restore the file, and say in a new revision what has to change",
    ),
    "changing-column-type": (
        "the whole table is written anew while nobody can read it, and the release that runs expects the former type",
        "add a column of the new type, write both, fill it, read it, and drop the former one releases later",
    ),
    "constraint-missing-not-valid": (
        "all rows are checked while nobody can write",
        "postgresql_not_valid=True, and VALIDATE CONSTRAINT in an autocommit block of the next revision",
    ),
    "data-change": (
        "rows and tables stay locked until all that a release migrates is committed, however many rows there are",
        "a job that does it in small parts, once the release serves",
    ),
    "disallowed-unique-constraint": (
        "its index is built while nobody can read or write",
        "build a unique index CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX",
    ),
    "heads": ("flask db upgrade would not know which way to go", 'flask db merge -m "Both" heads'),
    "no-downgrade": (
        "nobody can try the way back, and a developer's database cannot leave this revision",
        "write its downgrade",
    ),
    "not-rendered": (
        "what it does depends on a database, or it is broken: nobody can see its SQL beforehand",
        "op.execute with SQL, and no op.get_bind()",
    ),
    "override": (
        "an exception is for one place, and whoever comes later has to know why",
        "# migration-safety: allow RULE because REASON, above the statement, and only as long as it is needed",
    ),
    "renaming-column": ("", "add the new one, write both, read the new one, and drop the former one releases later"),
    "renaming-table": ("", "leave its name, and give the model another one: __tablename__ stays"),
    "require-concurrent-index-creation": (
        "nobody can write to the table while the index is built",
        "postgresql_concurrently=True, within op.get_context().autocommit_block(), in a revision of its own",
    ),
    "require-concurrent-index-deletion": (
        "it waits for everybody who reads, and everybody else waits behind it",
        "postgresql_concurrently=True, within op.get_context().autocommit_block(), in a revision of its own",
    ),
    "same-revision": (
        "Alembic takes one of the two files, and never runs the other",
        "in the one that no database has run, another revision, and the other one as its down_revision",
    ),
}
READ = {"ban-drop-column", "ban-drop-table", "renaming-column", "renaming-table"}
WITHOUT_OVERRIDE = {"heads", "override", "same-revision"}


@dataclass(frozen=True)
class Finding:
    """Something that is refused: where, by which rule, and in words."""

    path: Path
    line: int
    rule: str
    what: str
    why: str = ""
    mend: str = ""

    def __str__(self) -> str:
        """Return three lines: what, why, and what to do."""
        why, mend = RULES.get(self.rule, ("", ""))
        lines = [f"{self.path}:{self.line}: {self.rule}: {self.what}"]
        lines += [f"    why:  {self.why or why}"] if self.why or why else []
        lines += [f"    mend: {mend or self.mend}"] if mend or self.mend else []
        return "\n".join(lines)
