"""What README shows is there, and is what the service and the guides say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

README = (PROJECT / "README.md").read_text()
ONE_SCREEN_AND_A_BIT = 750  # words


def test_it_is_short_enough_to_be_read():
    assert len(README.split()) < ONE_SCREEN_AND_A_BIT


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_it_links_to_is_there(target):
    assert (PROJECT / target).is_file()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\bmake ([a-z-]+)(?= |`|\n)", README)) - {"it"}))
def test_the_commands_that_it_names_are_there(command):
    assert re.search(rf"^{command}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


def test_the_refusal_that_it_shows_is_the_services(tmp_path):
    [shown] = re.findall(r"^\$ gunicorn\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    gunicorn = Path(sys.executable).with_name("gunicorn")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run([gunicorn], cwd=PROJECT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (78, shown)


@pytest.mark.skipif(not (PROJECT / "docs/deploy-vps.md").exists(), reason="this service knows no VPS")
def test_the_commands_for_a_server_are_those_of_its_guide():
    [commands] = re.findall(r"```sh\n(apt-get .*?)```", README, re.DOTALL)
    assert commands in (PROJECT / "docs/deploy-vps.md").read_text()
