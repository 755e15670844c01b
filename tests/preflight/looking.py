"""What one check says."""

from app.preflight.running import Report, run


def looked(check, subject):
    """Return the whole report of one check."""
    report = Report()
    run([check], subject, report)
    return report


def found(check, subject):
    """Return its findings, as severity and what is wrong; it has to have looked."""
    report = looked(check, subject)
    assert report.not_checked == []
    return [f"{finding.severity}: {finding.what}" for finding in report.findings]


def passes(check, subject):
    """Whether it has looked, and is content; what it says otherwise is printed."""
    report = looked(check, subject)
    print(report)  # noqa: T201
    return report.passed == [check.name]


def not_checked(check, subject):
    """Return why it has not looked; it may have found nothing and passed nothing."""
    report = looked(check, subject)
    assert (report.findings, report.passed) == ([], [])
    [unknown] = report.not_checked
    assert unknown.how
    return unknown.reason
