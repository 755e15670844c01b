"""Any parts may be taken out together: what is left is whole, and leads nowhere. Nothing is written here."""

import random

import pytest

from devtools.removal import is_there, parts
from tests.conftest import PROJECT
from tests.removal import linting
from tests.removal.leftovers import problems

PARTS = {name: part for name, part in parts().items() if is_there(part, PROJECT)}
SEED = 20261122
SETS = 12


def with_those_that_need(names):
    """Return these parts, and those that stand on them."""
    found = list(names)
    for name in found:
        found += [other for other in PARTS[name].get("after", []) if other in PARTS and other not in found]
    return sorted(found)


def at_random(number):
    """Return one of a row of sets of parts: of few in one, of most in another."""
    draw = random.Random(SEED + number)
    share = draw.random()
    return with_those_that_need([name for name in PARTS if draw.random() < share])


@pytest.mark.parametrize("name", PARTS)
def test_nothing_leads_to_a_part_that_is_gone(name):
    assert problems(with_those_that_need([name])) == []


@pytest.mark.parametrize("name", PARTS)
def test_the_code_that_a_removal_has_edited_is_as_lint_wants_it(name):
    assert linting.complaints(with_those_that_need([name])) == ""


@pytest.mark.parametrize("number", range(SETS))
def test_nothing_leads_to_any_of_several_parts(number):
    names = at_random(number)
    assert problems(names) == [], " ".join(names)


def test_without_any_part_what_is_left_is_whole():
    assert problems(list(PARTS)) == []
