import json
import shutil
import subprocess
import sys

import pytest

from devtools import DevelopmentError
from devtools.removal import parts
from devtools.template import rendering
from devtools.template.details import LICENCES
from tests.conftest import PROJECT
from tests.copies import copied

ANSWERS = {
    "name": "order-desk",
    "title": "Order desk",
    "description": "Takes orders",
    "domain": "orders.example.com",
    "repository": "https://git.example.com/shop/order-desk.git",
    "owner": "Example Shops",
    "email": "ops@example.com",
    "licence": "Apache-2.0",
    **dict.fromkeys((name for name in parts() if name != "template"), True),
}


def rendered(folder, **answers):
    """Run the task as copier does: with the programs of this tree, in another."""
    command = [sys.executable, "-P", "-m", "devtools.template.rendering", json.dumps(ANSWERS | answers)]
    environment = {"PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_copy_becomes_a_service_without_a_network_and_without_git(tmp_path):
    shutil.rmtree(copied(tmp_path) / ".git")
    done = rendered(tmp_path, uploads=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / "devtools/template").exists()
    assert not (tmp_path / "app/core/data/uploads.py").exists()
    assert (tmp_path / "deploy/systemd/order-desk-web@.service").is_file()
    assert 'license = "Apache-2.0"' in (tmp_path / "pyproject.toml").read_text()
    assert not (tmp_path / ".ruff_cache").exists()
    assert (tmp_path / "CHANGELOG.md").read_text().endswith("- Order desk: Takes orders.\n")


def test_a_part_that_was_not_asked_for_is_not_wanted():
    unwanted = rendering.unwanted(PROJECT, {"notes": True, "mail": False})
    assert {"mail", "template", "jobs"} <= set(unwanted)
    assert "notes" not in unwanted


def test_a_name_that_cannot_be_is_refused(tmp_path):
    copied(tmp_path)
    done = rendered(tmp_path, name="postgres")
    assert done.returncode == 1
    assert done.stderr.startswith("devtools: 'postgres' cannot be a service's name")
    with pytest.raises(DevelopmentError):
        rendering.checked("postgres", "", rendering.present_name(PROJECT))


def test_licences_have_the_names_of_spdx():
    assert set(LICENCES) == {"MIT", "Apache-2.0", "proprietary"}
