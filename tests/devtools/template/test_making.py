"""`make new`, `make rename` and `make update` hand over what was said, whatever is in it."""

import os
import re
import shlex
import subprocess

import pytest

from devtools import DevelopmentError
from devtools.template import new
from tests.conftest import PROJECT

WORDS = """title='Order desk' owner="O'Brien & $ons; touch x" """


@pytest.mark.parametrize(("target", "word"), [("new", "ANSWERS"), ("update", "ANSWERS"), ("remove", "PART")])
def test_words_reach_the_program_as_they_are(target, word):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", "--no-print-directory", target, f"{word}={WORDS}"]
    said = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=True).stdout
    [line] = [line for line in said.splitlines() if " -m devtools." in line]
    assert f"{word}={WORDS}" in shlex.split(line)


def test_a_part_is_wanted_or_not():
    assert new.chosen("order-desk", {"mail": "No"}) == {"mail": "No", "name": "order-desk"}
    with pytest.raises(DevelopmentError, match="yes or no: mail=maybe"):
        new.chosen("order-desk", {"mail": "maybe"})


def test_a_version_that_is_not_there_is_said_before_anything_is_asked():
    with pytest.raises(DevelopmentError, match=r"there is no version 'v9\.9\.9' here; git tag"):
        new.chosen("order-desk", {}, "v9.9.9")


def test_a_folder_that_cannot_be_made_is_said_in_a_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DevelopmentError, match=rf"{tmp_path}/file cannot be written by you; say another: DEST="):
        new.destination(f"{tmp_path}/file/below/service", "order-desk")


def test_the_readme_shows_it_among_its_first_commands():
    [first, *_] = re.findall(r"^```sh\n(.*?)^```", (PROJECT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert "make new " in first
