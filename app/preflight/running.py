"""Runs checks one after the other, and keeps what came of each; none is passed that could not look."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.preflight.checks import SEVERITIES, WARNING, Check, Finding, NoAnswerError, NotHereError, Wrong

ASK_AGAIN = "read the log of that moment, and ask again"


@dataclass(frozen=True)
class NotChecked:
    """A promise that nobody has looked at, why, and how to."""

    check: str
    reason: str
    how: str


@dataclass
class Report:
    """What came of all checks."""

    findings: list[Finding] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    @property
    def to_mend(self) -> list[Finding]:
        """The findings that are more than a warning."""
        return [finding for finding in self.findings if finding.severity != WARNING]

    def sort(self) -> None:
        """Put the worst first."""
        self.findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))

    def leave_out(self, checks: Iterable[Check], reason: str, how: str) -> None:
        """Note checks that are not run at all."""
        self.not_checked += [NotChecked(check.name, reason, how) for check in checks]


def run(checks: Iterable[Check], subject: Any, report: Report) -> None:
    """Look at `subject` by each check, and add what came of it to the report."""
    for check in checks:
        unknown: list[NotHereError] = []
        wrongs = list(_look(check, subject, unknown))
        report.findings += [
            Finding(check.name, wrong.severity or check.severity, wrong.what, check.why, wrong.mend) for wrong in wrongs
        ]
        report.not_checked += [NotChecked(check.name, each.reason, each.how) for each in unknown]
        if not wrongs and not unknown:
            report.passed.append(check.name)


def _look(check: Check, subject: Any, unknown: list[NotHereError]) -> Iterator[Wrong]:
    """Yield what is wrong; what was found before the check had to give up counts."""
    try:
        yield from check.look(subject)
    except NotHereError as error:
        unknown.append(error)
    except NoAnswerError as silence:
        yield Wrong(str(silence), ASK_AGAIN)
    except Exception as error:  # noqa: BLE001  the other checks have something to say all the same
        yield Wrong(f"the check itself failed: {type(error).__name__}: {error}", "report it")
