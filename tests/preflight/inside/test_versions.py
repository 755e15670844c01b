from datetime import date

import pytest

from app.preflight.checks import NotHereError
from app.preflight.inside import versions
from tests.conftest import PROJECT
from tests.preflight.looking import found, not_checked, passes

NOW = date(2026, 11, 22)


CHECKS = [versions.python, versions.postgresql, versions.libraries]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_what_runs_here_is_maintained_and_as_it_was_locked(check, here, monkeypatch):
    monkeypatch.setattr(versions, "today", lambda: NOW)
    assert passes(check, here())


@pytest.mark.parametrize("check", CHECKS[:2], ids=lambda check: check.name)
def test_a_version_that_nobody_mends_is_found(check, here, monkeypatch):
    monkeypatch.setattr(versions, "today", lambda: date(2040, 1, 1))
    [said] = found(check, here())
    assert said.startswith("high: P")
    assert "has not been maintained since" in said


@pytest.mark.parametrize(
    ("end", "severity", "said"),
    [
        (date(2026, 11, 12), None, "PostgreSQL 14 has not been maintained since 2026-11-12."),
        (date(2027, 1, 1), "low", "PostgreSQL 14 is maintained for 40 more days."),
    ],
)
def test_the_end_is_told_before_it_has_come(end, severity, said):
    [wrong] = versions.ended("PostgreSQL", "14", end, NOW)
    assert (wrong.what, wrong.severity) == (said, severity)


def test_a_version_that_is_not_in_the_table_is_not_passed():
    with pytest.raises(NotHereError, match=r"Python 3\.99 is not in the table"):
        list(versions.ended("Python", "3.99", None, NOW))


def test_every_python_that_we_support_is_in_the_table():
    pyproject = (PROJECT / "pyproject.toml").read_text()
    assert 'requires-python = ">=3.11"' in pyproject
    assert min(versions.PYTHON) == (3, 11)


def test_a_library_that_is_not_the_locked_one_is_found(here, monkeypatch, tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text("flask==0.1 \\\n    --hash=sha256:0\nnot-installed==1 ; sys_platform == 'win32' \\\n")
    monkeypatch.setattr(versions, "LOCK", lock)
    [said] = found(versions.libraries, here())
    assert said.startswith("medium: flask 3.")
    assert said.endswith(" for 0.1.")


def test_without_a_lock_nothing_is_known_of_libraries(here, monkeypatch, tmp_path):
    monkeypatch.setattr(versions, "LOCK", tmp_path / "nothing")
    assert "no requirements.txt" in not_checked(versions.libraries, here())
