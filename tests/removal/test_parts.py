"""Each part is taken out of a copy by the command for it, and what is left is checked there."""

import re
import subprocess

import pytest

from devtools import remove
from tests.conftest import PROJECT
from tests.copies import AS_SOMEBODY, copied, run

PARTS = {name: part for name, part in remove.parts().items() if (PROJECT / part["module"]).exists()}
MIGRATIONS = sorted(path.name for path in (PROJECT / "migrations/versions").glob("*.py"))
# Tests of the whole, and of what changes with any part. To these come the tests that the removal has edited.
OF_THE_WHOLE = [
    "tests/guardrails",
    "--ignore=tests/guardrails/test_readme.py",  # another copy
    "tests/bench",
    "tests/features",
    "tests/config/test_optional.py",
    "tests/core/web/test_errors.py",
    "tests/core/observability/test_health.py",
    "tests/stack/test_requests.py",
]
TAKES_LONG = tuple(
    f"tests/{name}"
    for name in ("browser", "cluster", "containers", "monitoring", "nginx", "servers", "stack", "uploads", "vps")
)

pytestmark = [
    pytest.mark.removal,
    pytest.mark.skipif(
        "notes" in PARTS and MIGRATIONS != ["0001_notes.py"],
        reason="later migrations stand on the example's: as README says, one of your own drops its table now",
    ),
]


@pytest.fixture(scope="session")
def types_known(tmp_path_factory):
    """The folder in which mypy notes what it knows of the libraries, once for all copies."""
    return tmp_path_factory.mktemp("mypy")


def taken_out(name, folder):
    """Remove the part from the copy, those that stand on it first, and return the tests that were edited."""
    edited = set()
    for part in [*(other for other in PARTS[name].get("after", []) if other in PARTS), name]:
        printed = run(folder, "python", "-m", "devtools.remove", part)
        edited |= set(re.findall(r"^edited  (tests/.*test_\w+\.py)$", printed, re.MULTILINE))
        subprocess.run(["git", *AS_SOMEBODY, "commit", "--quiet", "--all", "--message=removed"], cwd=folder, check=True)
    return sorted(test for test in edited if (folder / test).exists() and not test.startswith(TAKES_LONG))


@pytest.mark.parametrize("name", PARTS)
def test_without_it_lint_and_tests_are_still_green(name, tmp_path, types_known, server, redis_server, monkeypatch):
    edited = taken_out(name, copied(tmp_path))
    run(tmp_path, "ruff", "format", "--check", ".")
    run(tmp_path, "ruff", "check", ".")
    run(tmp_path, "mypy", "--cache-dir", str(types_known))
    run(tmp_path, "lint-imports", "--no-cache")
    assert left_over(name, tmp_path) == ""
    run(tmp_path, "pytest", "--no-cov", "-q", "--collect-only", "-m", "", "tests")  # no test imports what is gone
    monkeypatch.setenv("DATABASE_URL", server(""))
    monkeypatch.setenv("REDIS_URL", redis_server.url(0))
    run(tmp_path, "pytest", "--no-cov", "-q", *OF_THE_WHOLE, *edited)


def left_over(name, folder):
    """Return the lines, prose aside, that speak of a setting or a module that is gone."""
    part = PARTS[name]
    module = part["module"].removesuffix(".py").replace("/", ".")
    words = "|".join([rf"\b{module}\b", *(rf"\b{setting}\b" for setting in part.get("settings", []))])
    command = ["git", "grep", "-nE", words, "--", ".", ":!*.md", ":!devtools/parts.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
