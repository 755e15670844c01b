"""All that is refused in a history of migrations, and what its authors have allowed, with their reasons."""

import ast
from collections.abc import Iterator
from pathlib import Path

from devtools.migrations import history, rendering, squawk, statements
from devtools.migrations.history import Override, Revision
from devtools.migrations.released import Release
from devtools.migrations.rendering import NotRenderedError, Statement
from devtools.migrations.rules import READ, RULES, WITHOUT_OVERRIDE, Finding
from devtools.migrations.squawk import Complaint

WHOLE_FILE = {"changed-after-release", "no-downgrade"}


def pending(folder: Path, release: Release | None) -> list[Revision]:
    """Return the revisions that the release does not have; all of them, where none is known."""
    return [each for each in history.read(folder) if release is None or each.name not in release.revisions]


def check(folder: Path, release: Release | None) -> list[Finding]:
    """Return what is refused in the migrations of `folder` while `release` runs."""
    revisions, new = history.read(folder), pending(folder, release)
    if collisions := list(_collisions(revisions)):
        return collisions  # which of the files any other finding would be about, nobody could say
    found = [*_ends(revisions), *_changed(folder, revisions, release), *_without_way_back(new)]
    # A release runs all that it brings in one transaction. Where no release is known, any revision may run alone.
    for transaction in [new] if release else [[each] for each in new]:
        found += _unsafe(folder, transaction, release)
    return sorted(_judge(found, revisions, new), key=lambda finding: (finding.path, finding.line))


def _collisions(revisions: list[Revision]) -> Iterator[Finding]:
    for one, other in history.collisions(revisions):
        yield Finding(other.path, 1, "same-revision", f"{other.name} is the revision of {one.path} too")


def _ends(revisions: list[Revision]) -> Iterator[Finding]:
    ends = history.heads(revisions)
    for end in ends[1:]:
        yield Finding(end.path, 1, "heads", f"{end.name} and {ends[0].name} are both the newest")


def _changed(folder: Path, revisions: list[Revision], release: Release | None) -> Iterator[Finding]:
    now = {revision.name: revision for revision in revisions}
    for name, before in (release.revisions if release else {}).items():
        path = folder / "versions" / before.path.name
        if name not in now:
            yield Finding(path, 1, "changed-after-release", f"{name} is gone, and {_named(release)} has it")
        elif ast.dump(now[name].tree) != ast.dump(before.tree):
            yield Finding(now[name].path, 1, "changed-after-release", f"{name} is another one in {_named(release)}")


def _without_way_back(revisions: list[Revision]) -> Iterator[Finding]:
    for revision in revisions:
        if revision.does("upgrade") and not revision.does("downgrade"):
            function = revision.function("downgrade")
            yield Finding(revision.path, function.lineno if function else 1, "no-downgrade", "there is no way back")


def _unsafe(folder: Path, revisions: list[Revision], release: Release | None) -> Iterator[Finding]:
    transaction: list[Statement] = []
    for revision in revisions:
        try:
            rendered = rendering.render(folder, revision)
        except NotRenderedError as error:
            yield Finding(revision.path, error.line, "not-rendered", str(error))
            continue
        yield from statements.autocommit(rendered)
        transaction += rendered
    fresh = {name for statement in transaction for name in statements.created(statement.sql)}
    yield from statements.data_changes(transaction, fresh)
    complaints = squawk.ask(transaction)
    unique = {each.sql for each in complaints if each.rule == "disallowed-unique-constraint"}
    for complaint in complaints:
        # A UNIQUE cannot be NOT VALID, though squawk says both.
        twice = complaint.rule == "constraint-missing-not-valid" and complaint.sql in unique
        if statements.table(complaint.sql) not in fresh and not twice:
            yield from _translated(complaint, release)


def _translated(complaint: Complaint, release: Release | None) -> Iterator[Finding]:
    why = ""
    if complaint.rule in READ:
        table, column = statements.table(complaint.sql), ""
        if complaint.rule.endswith("-column"):
            column = statements.leaving_column(complaint.part)
        if release and not release.reads(table, column):
            return
        why = _why_read(f"{table}.{column}" if column else table, release)
    elif complaint.rule not in RULES:
        why = complaint.message
    what = " ".join(complaint.part.split())
    yield Finding(
        complaint.statement.revision.path, complaint.statement.line, complaint.rule, what, why, complaint.help
    )


def _why_read(name: str, release: Release | None) -> str:
    if release is None:
        return f"no release is known here (no tag v...), so {name} counts as read by the one that runs"
    if release.models is None:
        return f"the code of {release.name} cannot be loaded here, so {name} counts as read by it"
    return f"the models of {release.name} have {name}"


def _judge(found: list[Finding], revisions: list[Revision], new: list[Revision]) -> Iterator[Finding]:
    """Yield what nobody has allowed, and overrides that say no reason, or allow what nobody does."""
    by_path = {revision.path: revision for revision in revisions}
    used: set[tuple[Path, int]] = set()
    for finding in found:
        overrides = by_path[finding.path].overrides if finding.path in by_path else []
        allowing = [each for each in overrides if _allows(each, finding)]
        used |= {(finding.path, each.line) for each in allowing}
        if not allowing:
            yield finding
    for revision in new:
        for override in revision.overrides:
            if problem := _problem(override, used=(revision.path, override.line) in used):
                yield Finding(revision.path, override.line, "override", problem)


def _allows(override: Override, finding: Finding) -> bool:
    if override.rule != finding.rule or finding.rule in WITHOUT_OVERRIDE:
        return False
    return finding.rule in WHOLE_FILE or finding.line in override.covers


def _problem(override: Override, *, used: bool) -> str:
    if not override.rule:
        return "it names no rule, or no reason"
    if override.rule in WITHOUT_OVERRIDE:
        return f"{override.rule} cannot be allowed"
    return "" if used else f"nothing here is refused by {override.rule}"


def _named(release: Release | None) -> str:
    return release.name if release else ""
