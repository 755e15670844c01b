"""`make new`, `make rename` and `make update` hand over what was said, whatever is in it."""

import os
import shlex
import subprocess

import pytest

from devtools import DevelopmentError
from devtools.template import new
from tests.conftest import PROJECT

WORDS = """title='Order desk' owner="O'Brien & $ons; touch x" """


@pytest.mark.parametrize("target", ["new", "update"])
def test_words_reach_the_program_as_they_are(target):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", "--no-print-directory", target, f"ANSWERS={WORDS}"]
    said = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=True).stdout
    [line] = [line for line in said.splitlines() if " -m devtools." in line]
    assert f"ANSWERS={WORDS}" in shlex.split(line)


def test_a_part_is_wanted_or_not():
    assert new.chosen("order-desk", {"mail": "No"}) == {"mail": "No", "name": "order-desk"}
    with pytest.raises(DevelopmentError, match="yes or no: mail=maybe"):
        new.chosen("order-desk", {"mail": "maybe"})
