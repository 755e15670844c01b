"""Parts are taken out of a copy by the command for it, one and several at a time, and what is left is checked there."""

import random
import re

import pytest

from devtools.removal import is_there, parts
from tests.conftest import PROJECT
from tests.copies import copied, run

PARTS = {name: part for name, part in parts().items() if is_there(part, PROJECT)}
MIGRATIONS = sorted(path.name for path in (PROJECT / "migrations/versions").glob("*.py"))
# Tests of the whole, and of what changes with any part. To these come the tests that the removal has edited.
OF_THE_WHOLE = [
    "tests/guardrails",
    "tests/documentation",
    "--ignore=tests/documentation/test_site.py",  # wants what builds the site
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
SEED = 20261122

pytestmark = [
    pytest.mark.removal,
    pytest.mark.skipif(
        "notes" in PARTS and MIGRATIONS != ["0001_notes.py"],
        reason="later migrations stand on the example's: one of your own drops its table now",
    ),
]


def with_those_that_need(names):
    """Return these parts, and those that stand on them."""
    found = [name for name in names if name in PARTS]
    for name in found:
        found += [other for other in PARTS[name].get("after", []) if other in PARTS and other not in found]
    return sorted(found)


def chosen(number):
    """Return one of a row of sets of parts, in which each is about as likely in as out."""
    draw = random.Random(SEED + number)
    return with_those_that_need([name for name in PARTS if draw.random() < 1 / 2])


@pytest.fixture(scope="session")
def types_known(tmp_path_factory):
    """The folder in which mypy notes what it knows of the libraries, once for all copies."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def check(tmp_path, types_known, server, redis_server, monkeypatch):
    """A function that takes parts out of a copy, and has what is left looked at by everybody who can."""

    def look(names):
        printed = run(copied(tmp_path), "python", "-m", "devtools.removal", *names)
        tests = set(re.findall(r"^edited  (tests/.*test_\w+\.py)\b", printed, re.MULTILINE))
        edited = sorted(test for test in tests if not test.startswith(TAKES_LONG))
        run(tmp_path, "ruff", "format", "--check", ".")
        run(tmp_path, "ruff", "check", ".")
        run(tmp_path, "mypy", "--cache-dir", str(types_known))
        run(tmp_path, "lint-imports", "--no-cache")
        run(tmp_path, "pytest", "--no-cov", "-q", "--collect-only", "-m", "", "tests")  # no test imports what is gone
        monkeypatch.setenv("DATABASE_URL", server(""))
        monkeypatch.setenv("REDIS_URL", redis_server.url(0))
        there = [path for path in OF_THE_WHOLE if path.startswith("-") or (tmp_path / path).exists()]
        run(tmp_path, "pytest", "--no-cov", "-q", *there, *edited)

    return look


@pytest.mark.parametrize("name", PARTS)
def test_without_it_lint_and_tests_are_still_green(name, check):
    check(with_those_that_need([name]))


def test_what_is_left_without_any_part_is_a_service(check):
    check(list(PARTS))


@pytest.mark.parametrize("number", range(3))
def test_without_parts_at_random_lint_and_tests_are_still_green(number, check):
    check(chosen(number))
