import ast
import subprocess
from pathlib import Path

import pytest

from tests.conftest import PROJECT

MODULES = [
    path.relative_to(PROJECT / "app") for path in sorted((PROJECT / "app").rglob("*.py")) if path.name != "__init__.py"
]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_test(module):
    proof = PROJECT / "tests" / module.parent / f"test_{module.name}"
    if module == Path("api.py"):
        proof = PROJECT / "tests/guardrails/test_routes.py"
    elif module.parts[0] == "features" and module.stem in {"schemas", "service"}:
        proof = proof.with_name("test_routes.py")  # what a feature accepts and does is seen from outside
    assert proof.is_file(), f"app/{module} needs {proof.relative_to(PROJECT)}"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_says_in_its_first_line_what_a_reader_gets(module):
    docstring = ast.get_docstring(ast.parse((PROJECT / "app" / module).read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ";", ":", ","))


def test_the_factory_lists_and_does_not_decide():
    tree = ast.parse((PROJECT / "app" / "__init__.py").read_text())
    [factory] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    decisions = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.FunctionDef, ast.Lambda)
    assert not [node for node in ast.walk(factory) if isinstance(node, decisions) and node is not factory]
    assert factory.end_lineno - factory.lineno < 40  # a line for each concern


def test_no_file_carries_the_path_of_a_checkout():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout.split()
    present = [PROJECT / name for name in tracked if (PROJECT / name).is_file()]
    assert present
    assert [path for path in present if f"{PROJECT}/" in path.read_text(errors="replace")] == []


def test_every_make_target_is_explained():
    makefile = (PROJECT / "Makefile").read_text()
    phony = {line.split()[1] for line in makefile.splitlines() if line.startswith(".PHONY:")}
    shown = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert phony == {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")}
