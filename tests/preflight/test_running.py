import pytest

from app.preflight.checks import NoAnswerError, NotHereError, Wrong, check
from app.preflight.running import NotChecked, Report, run


def made(look, severity="high"):
    return check("this", severity, promise="It is so.", why="It matters.")(look)


def report_of(look, severity="high"):
    report = Report()
    run([made(look, severity)], None, report)
    return report


def test_what_finds_nothing_has_passed():
    report = report_of(lambda _: [])
    assert (report.passed, report.findings, report.to_mend) == (["this"], [], [])


def test_a_finding_has_all_that_one_needs_to_mend_it():
    [finding] = report_of(lambda _: [Wrong("It is not.", "Mend it.")]).findings
    assert vars(finding) == {
        "check": "this",
        "severity": "high",
        "what": "It is not.",
        "why": "It matters.",
        "mend": "Mend it.",
    }


def test_a_warning_is_nothing_to_mend():
    report = report_of(lambda _: [Wrong("It is not.", "Mend it.", "low")])
    assert len(report.findings) == 1
    assert report.to_mend == []


def test_what_cannot_be_known_is_never_passed_and_keeps_what_was_found_before():
    def look(_):
        yield Wrong("It is not.", "Mend it.")
        raise NotHereError("The rest is not known.", "Look there.")

    report = report_of(look)
    assert len(report.findings) == 1
    assert report.not_checked == [NotChecked("this", "The rest is not known.", "Look there.")]
    assert report.passed == []


@pytest.mark.parametrize("error", [NoAnswerError("nobody answers"), KeyError("x"), ZeroDivisionError()], ids=repr)
def test_a_check_that_could_not_look_is_to_be_mended_and_others_go_on(error):
    def look(_):
        raise error

    report = Report()
    run([made(look), made(lambda _: [])], None, report)
    assert len(report.to_mend) == 1
    assert report.passed == ["this"]


def test_the_worst_comes_first():
    report = report_of(lambda _: [Wrong("a", "", "low"), Wrong("b", "", "critical"), Wrong("c", "", "medium")])
    report.sort()
    assert [finding.severity for finding in report.findings] == ["critical", "medium", "low"]
