import re
from pathlib import Path

import pytest

from devtools.removal import edits, is_there, manifest, parts
from tests.conftest import PROJECT

PARTS = parts()
TABLES = PARTS | manifest.shared()
THERE = {name: part for name, part in PARTS.items() if is_there(part, PROJECT)}
# What every service of this kind needs. All else that the factory calls has to be removable.
ESSENTIAL = {
    "access",
    "api",
    "assets",
    "chunked",
    "csrf",
    "database",
    "docs",
    "errors",
    "headers",
    "health",
    "hosts",
    "https",
    "logs",
    "migrations",
    "preflight",
    "proxy",
    "redis_client",
    "serialization",
    "tracking",
}

MENTIONED = {
    "settings": (".env.example", r"^#?{}="),
    "requirements": ("pyproject.toml", r'^    "{}[\[>=;"]'),
    "extras": ("Makefile", r"^EXTRAS :=.* {}\b"),
    "groups": ("Makefile", r"^GROUPS :=.* {}\b"),
    "suites": ("Makefile", r"^{}-test:"),
}


WHOLE = pytest.mark.skipif(
    THERE != PARTS or (PROJECT / ".copier-answers.yml").exists(),
    reason="a part is gone, and has taken along what another would have; or a service says it in its own words",
)


def called():
    return set(re.findall(r"^    (\w+)\.init_app\(app\)", (PROJECT / "app/__init__.py").read_text(), re.MULTILINE))


def test_every_concern_is_essential_or_a_part_that_can_be_removed():
    modules = {Path(part["module"]).stem for part in THERE.values() if "module" in part}
    assert called() - ESSENTIAL <= modules, "say in devtools/removal/parts how it goes, or that it is essential"
    assert called() >= ESSENTIAL


@pytest.mark.parametrize("name", THERE)
def test_a_part_says_what_it_is_and_what_stands_on_it(name):
    assert THERE[name]["what"]
    assert set(THERE[name].get("after", [])) <= set(PARTS)


@pytest.mark.parametrize("name", manifest.shared())
def test_what_is_shared_is_shared_by_parts(name):
    assert len(TABLES[name]["last"]) > 1
    assert set(TABLES[name]["last"]) <= set(PARTS)


def patterns():
    """Yield what a part says itself; what follows from it finds something in most of its files, not in each."""
    for name, part in TABLES.items():
        for table in (part.get("cuts", {}), part.get("words", {}), part.get("stays", {})):
            for path, found in table.items():
                yield from ((name, path, pattern) for pattern in found)
        for key, (path, pattern) in MENTIONED.items():
            yield from ((name, path, pattern.format(word)) for word in part.get(key, []))


@WHOLE
@pytest.mark.parametrize(("name", "path", "pattern"), list(patterns()), ids=" ".join)
def test_what_a_part_would_take_out_of_a_file_is_there(name, path, pattern):
    found = re.search(pattern, (PROJECT / path).read_text(), re.MULTILINE)
    assert found, f"{path} has changed: let devtools/removal/parts say again what goes with {name}"


@WHOLE
@pytest.mark.parametrize("name", TABLES)
def test_the_files_that_a_part_would_delete_are_there(name):
    assert [pattern for pattern in edits.files(TABLES[name]) if not list(PROJECT.glob(pattern))] == []


def test_the_guides_name_parts_that_there_are():
    guides = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").glob("*.md")]
    named = {
        name
        for guide in guides
        for names in re.findall(r"make remove PART=\"?([\w ]+)", guide.read_text())
        for name in names.split()
    }
    assert named - {"NAME"} <= set(PARTS)
