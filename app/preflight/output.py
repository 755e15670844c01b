"""How a report is told: to people, by severity and in colour, and to programs, as JSON of a stable shape."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from app.preflight.checks import SEVERITIES, Check
from app.preflight.running import Report

SHAPE = 1  # of the JSON; a field that goes or changes its meaning makes it 2
WIDTH = 110
_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36", "passed": "32", "not checked": "2"}


def as_json(report: Report, looked_at: str) -> str:
    """Return the report for programs."""
    return _document(
        looked_at=looked_at,
        to_mend=len(report.to_mend),
        findings=[asdict(finding) for finding in report.findings],
        not_checked=[asdict(each) for each in report.not_checked],
        passed=report.passed,
    )


def reason_as_json(reason: str, looked_at: str | None) -> str:
    """Return for programs why there is no report; nothing was looked at where the options made no sense."""
    return _document(looked_at=looked_at, error=reason)


def list_as_json(checks: list[Check]) -> str:
    """Return for programs what is checked."""
    listed = ("name", "severity", "promise", "why")
    return _document(checks=[{name: getattr(check, name) for name in listed} for check in checks])


def _document(**fields: Any) -> str:
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"shape": SHAPE, "at": at, **fields}, indent=2)


def as_text(report: Report, looked_at: str, *, colour: bool) -> str:
    """Return the report for people, the worst first."""
    return "\n".join(_lines(report, looked_at, colour=colour))


def _lines(report: Report, looked_at: str, *, colour: bool) -> Iterator[str]:
    for finding in report.findings:
        yield f"{_painted(finding.severity, finding.severity, colour=colour)}  {finding.check}"
        yield from _told("what", finding.what)
        yield from _told("why", finding.why)
        yield from _told("mend", finding.mend)
        yield ""
    for (reason, how), names in _together(report).items():
        yield f"{_painted('not checked', 'not checked', colour=colour)}  {reason}"
        yield from _told("what", ", ".join(names))
        yield from _told("how", how)
        yield ""
    yield from _told("", f"passed: {', '.join(report.passed) or 'nothing'}")
    yield ""
    yield f"{looked_at}: {_summary(report)}"


def _together(report: Report) -> dict[tuple[str, str], list[str]]:
    """Return the names of what was not checked, by why and how to: most have that in common."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in report.not_checked:
        groups.setdefault((each.reason, each.how), []).append(each.check)
    return groups


def _told(label: str, text: str) -> list[str]:
    first = f"  {label:<6}" if label else ""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent="        ", break_on_hyphens=False)


def _summary(report: Report) -> str:
    counts = {name: sum(finding.severity == name for finding in report.findings) for name in SEVERITIES}
    found = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to mend"
    return f"{found}; {len(report.passed)} passed, {len(report.not_checked)} not checked"


def _painted(text: str, kind: str, *, colour: bool) -> str:
    return f"\033[{_COLOURS[kind]}m{text.upper()}\033[0m" if colour else text.upper()


def table(checks: list[Check]) -> str:
    """Return the checks as a table of Markdown, for docs/preflight.md."""
    rows = [f"| `{check.name}` | {check.severity} | {check.promise} |" for check in checks]
    return "\n".join(["| check | at worst | promise |", "|---|---|---|", *rows])
