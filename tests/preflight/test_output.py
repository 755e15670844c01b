import json
import re

from app.preflight import answers, edge, inside
from app.preflight.checks import Finding, checks_in
from app.preflight.output import as_json, as_text, table
from app.preflight.running import NotChecked, Report
from tests.conftest import PROJECT

REPORT = Report(
    findings=[Finding("hosts", "high", "It answers.", "It matters.", "Refuse it.")],
    passed=["csp", "hsts"],
    not_checked=[NotChecked("role", "it is inside", "go there"), NotChecked("redis", "it is inside", "go there")],
)


def test_people_read_what_is_wrong_why_and_how_to_mend_it():
    told = as_text(REPORT, "https://example.org", colour=False)
    assert told.splitlines()[:4] == ["HIGH  hosts", "  what  It answers.", "  why   It matters.", "  mend  Refuse it."]
    assert told.endswith("https://example.org: 1 high; 2 passed, 2 not checked")


def test_what_was_not_checked_for_one_reason_is_told_once():
    told = as_text(REPORT, "https://example.org", colour=False)
    assert "NOT CHECKED  it is inside\n  what  role, redis\n  how   go there\n" in told


def test_colour_is_only_there_where_it_is_wanted():
    assert "\033[31mHIGH\033[0m" in as_text(REPORT, "", colour=True)
    assert "\033" not in as_text(REPORT, "", colour=False)


def test_programs_read_the_same():
    said = json.loads(as_json(REPORT, "https://example.org"))
    assert said.pop("at").endswith("+00:00")
    assert said == {
        "shape": 1,
        "looked_at": "https://example.org",
        "to_mend": 1,
        "findings": [
            {
                "check": "hosts",
                "severity": "high",
                "what": "It answers.",
                "why": "It matters.",
                "mend": "Refuse it.",
            }
        ],
        "not_checked": [
            {"check": "role", "reason": "it is inside", "how": "go there"},
            {"check": "redis", "reason": "it is inside", "how": "go there"},
        ],
        "passed": ["csp", "hsts"],
    }


def test_the_guide_has_the_checks_that_there_are():
    _, _, guide = (PROJECT / "docs/preflight.md").read_text().partition("## What is checked")
    rows = "\n".join(re.findall(r"^\| `.*\|$", guide, re.MULTILINE))
    wanted = [*table(checks_in(edge, answers)).splitlines()[2:], *table(checks_in(inside)).splitlines()[2:]]
    assert rows.splitlines() == wanted
