"""The course of an update."""

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devtools import DevelopmentError
from devtools.project.git import git, refuse_uncommitted
from devtools.removal import relock
from devtools.update.merging import Merged, locks, merge, own, revisions
from devtools.update.report import Report
from devtools.update.sources import adoption, changelog, questions
from devtools.update.sources.origin import FILE, cloned, commit_of, credit, is_earlier, read, tags

Render = Callable[[str, str, Mapping[str, Any], Path], None]


@dataclass(frozen=True)
class Wish:
    """What was asked for: a version, other answers than before, and where a service comes from that does not say so."""

    version: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    template: str = ""
    dry: bool = False


def update(service: Path, wish: Wish, render: Render | None = None) -> Report:
    """Take a later version into the service, and stage it; raises `DevelopmentError`, and has changed nothing then."""
    if Path(git(service, "rev-parse", "--show-toplevel")).resolve() != service.resolve():
        raise DevelopmentError("a service can be updated where it is the top of its git repository")
    refuse_uncommitted(service)
    with tempfile.TemporaryDirectory(prefix="update-") as scratch:
        if not wish.dry:
            return _update(service, wish, render or _copier(), Path(scratch))
        trial = Path(scratch, "trial")
        git(service, "clone", "--quiet", "--shared", "--", str(service), str(trial))
        return replace(_update(trial, wish, render or _copier(), Path(scratch)), dry=True)


def _copier() -> Render:
    from devtools.update.sources.copying import copied  # noqa: PLC0415  only `make update` installs it, tests do without

    return copied


def _update(service: Path, wish: Wish, render: Render, scratch: Path) -> Report:
    origin = read(service)
    url = wish.template or (origin.url if origin else "")
    if not url:
        raise DevelopmentError(f"there is no {FILE} here; say once what it was made of: TEMPLATE=GIT-URL FROM=v1.2.0")
    template = cloned(url, scratch / "template")
    origin = origin or adoption.adopted(service, url, wish.since, template)
    before, after, later = _versions(template, origin.version, wish.version)
    if wish.answers:
        questions.check(git(template, "show", f"{after}:{questions.FILE}"), wish.answers)
    elif before == after and not wish.template:
        return Report(origin.version, later, Merged(), staged=False)
    render(str(template), before, origin.answers, scratch / "former")
    render(str(template), after, {**origin.answers, **wish.answers}, scratch / "later")
    report = _taken(service, scratch, Report(origin.version, later, Merged(), dry=wish.dry), url)
    report.news = changelog.between(_changelog(template, before), _changelog(template, after))
    return report


def _versions(template: Path, former: str, wanted: str) -> tuple[str, str, str]:
    """Return the commits of both versions, and what the later one is called: the newest, where none is wanted."""
    newest = wanted or next(iter(tags(template)), "HEAD")
    before, after = commit_of(template, former), commit_of(template, newest)
    later = newest if newest in tags(template) else git(template, "describe", "--tags", "--always", after)
    if not is_earlier(template, before, after):
        raise DevelopmentError(
            f"{later} does not come after {former}, of which this service is, and an update leads forward only;"
            f" the template has published {', '.join(tags(template)) or 'no version'}: TO=..."
        )
    return before, after, later


def _taken(service: Path, scratch: Path, report: Report, url: str) -> Report:
    """Merge, and do what git cannot: the answers, the lock, a look at the schema's history."""
    former, later = scratch / "former", scratch / "later"
    credit(later, url)
    answers, pins, pins_before = (later / FILE).read_text(), own.locks(later), own.locks(former)
    settings = _settings(later) - _settings(former)
    own.set_aside(former, later)
    report.merged = merge(service, former, later, f"template {report.later}")
    report.settings = sorted(settings)
    (service / FILE).write_text(answers)
    git(service, "add", "--", FILE)
    if not report.dry:
        complaints = _locked(service, report, pins, anew=pins != pins_before)
        report.complaints = [*complaints, *revisions.complaints(service)]
    else:
        report.complaints = list(revisions.complaints(service))
    report.staged = bool(git(service, "diff", "--staged", "--name-only"))
    return report


def _locked(service: Path, report: Report, pins: dict[str, str], *, anew: bool) -> list[str]:
    """Make the lock anew, from the newer pins of both sides; return what stood in the way."""
    if not anew and not any(name == "pyproject.toml" for _, name in report.merged.changed):
        return []
    locks.start(service, pins)
    try:
        if {"pyproject.toml", "Makefile"} & set(report.merged.conflicts):
            return ["the lock is not made anew: mend pyproject.toml and Makefile, then `make relock`"]
        relock(service)
    except DevelopmentError as error:
        return [f"{error}; with a network: `make relock`"]
    finally:
        git(service, "add", "--", *(name for name in pins if (service / name).exists()))
    report.locks = "made anew, from the newer of the template's pins and yours"
    return []


def _settings(folder: Path) -> set[str]:
    path = folder / ".env.example"
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", path.read_text(), re.MULTILINE)) if path.exists() else set()


def _changelog(template: Path, version: str) -> str:
    return git(template, "show", f"{version}:{own.CHANGELOG}")
