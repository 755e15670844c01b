"""Parts may go one after the other: a service that was made without some gives up others too."""

import filecmp
import os
import random

import pytest

from devtools.removal import is_there, parts, remove_all
from tests.conftest import PROJECT
from tests.copies import copied

PARTS = {name: part for name, part in parts().items() if is_there(part, PROJECT)}
SEED = 20261122

pytestmark = pytest.mark.removal


def with_those_that_need(draw, names, share):
    """Return some of these parts, and those of them that stand on what was drawn."""
    found = [name for name in names if draw.random() < share]
    for name in found:
        found += [other for other in PARTS[name].get("after", []) if other in names and other not in found]
    return sorted(found)


def files(folder):
    """Return the paths of all files beneath a folder; what tools keep there is none of its content."""
    found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    return {path for path in found if not {".git", ".ruff_cache", "__pycache__"} & set(path.parts)}


@pytest.mark.parametrize("number", range(8))
def test_what_goes_in_two_goes_leaves_what_one_go_leaves(number, tmp_path):
    draw = random.Random(SEED + number)
    every = with_those_that_need(draw, PARTS, 2 / 3)
    first = with_those_that_need(draw, every, 1 / 2)
    at_once, stepwise = (copied(tmp_path / name) for name in ("at_once", "stepwise"))
    remove_all(every, at_once, force=True)
    for names in (first, [name for name in every if name not in first]):
        if names:
            remove_all(names, stepwise, force=True)
    assert files(stepwise) == files(at_once)
    _, different, unread = filecmp.cmpfiles(stepwise, at_once, map(os.fspath, files(at_once)), shallow=False)
    assert (different, unread) == ([], []), f"first {first}, of {every}"
