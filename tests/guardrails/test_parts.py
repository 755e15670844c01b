import re

import pytest

from devtools import remove
from tests.conftest import PROJECT

PARTS = remove.parts()
THERE = {name: part for name, part in PARTS.items() if (PROJECT / part["module"]).exists()}
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
    "proxy",
    "redis_client",
    "serialization",
    "tracking",
}


def called():
    return set(re.findall(r"^    (\w+)\.init_app\(app\)", (PROJECT / "app/__init__.py").read_text(), re.MULTILINE))


def test_every_concern_is_essential_or_a_part_that_can_be_removed():
    assert called() - ESSENTIAL <= set(THERE), "say in devtools/parts.toml how it goes, or that it is essential"
    assert called() >= ESSENTIAL


@pytest.mark.parametrize("name", THERE)
def test_a_part_has_the_name_of_its_module_and_says_what_it_is(name):
    assert (PROJECT / THERE[name]["module"]).stem == name
    assert THERE[name]["what"]


def patterns():
    for name, part in PARTS.items():
        for table in ("cuts", "words"):
            for path, found in part.get(table, {}).items():
                yield from ((name, path, pattern) for pattern in found)
        for setting in part.get("settings", []):
            yield name, ".env.example", rf"^#?{setting}="
        for requirement in part.get("requirements", []):
            yield name, "pyproject.toml", rf'^    "{requirement}[\[>=;"]'


@pytest.mark.skipif(THERE != PARTS, reason="a part is gone, and has taken along what another would have")
@pytest.mark.parametrize(("name", "path", "pattern"), list(patterns()), ids=" ".join)
def test_what_a_part_would_take_out_of_a_file_is_there(name, path, pattern):
    assert re.search(pattern, (PROJECT / path).read_text(), re.MULTILINE)


@pytest.mark.skipif(THERE != PARTS, reason="likewise")
@pytest.mark.parametrize("name", PARTS)
def test_the_files_that_a_part_would_delete_are_there(name):
    wanted = [*remove.mirror(PARTS[name]), *PARTS[name].get("files", [])]
    assert [pattern for pattern in wanted if not list(PROJECT.glob(pattern))] == []


def test_the_guides_name_parts_that_there_are():
    guides = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").glob("*.md")]
    named = {name for guide in guides for name in re.findall(r"make remove PART=(\w+)", guide.read_text())}
    assert "notes" in named
    assert named - {"NAME"} <= set(PARTS)
