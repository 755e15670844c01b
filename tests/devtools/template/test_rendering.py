import json
import re
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
from tests.template.traces import traces

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


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """What has become of a copy without a network, and without git."""
    folder = copied(tmp_path_factory.mktemp("service"))
    shutil.rmtree(folder / ".git")
    done = rendered(folder, uploads=False, kubernetes=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_a_copy_becomes_a_service(service):
    assert not (service / "devtools/template").exists()
    assert not (service / "app/core/data/uploads.py").exists()
    assert (service / "deploy/systemd/order-desk-web@.service").is_file()
    assert 'license = "Apache-2.0"' in (service / "pyproject.toml").read_text()
    assert not (service / ".ruff_cache").exists()
    assert (service / "CHANGELOG.md").read_text().endswith("- Order desk: Takes orders.\n")


def test_no_trace_of_the_template_is_left(service):
    files = [path for path in service.rglob("*") if path.is_file()]
    texts = {str(path.relative_to(service)): path.read_bytes().decode(errors="replace") for path in files}
    assert list(traces(texts)) == []
    assert not [
        name for name, text in texts.items() if "KUBE_CONFIG" in text and not name.startswith("devtools/removal")
    ]
    assert not list(service.glob("docs/images/*.png"))


def test_its_icon_is_the_first_letter_of_its_title(service):
    assert ">O</text>" in (service / "app/static/icon.svg").read_text()
    logo = re.findall(r"^    logo: (.*)$", (service / "mkdocs.yml").read_text(), re.MULTILINE)
    assert logo == ["material/alpha-o-box"]


def test_its_domain_is_where_the_public_reaches_it(service):
    for name in ("deploy/nginx/order-desk/server_name.conf", "deploy/prometheus/targets/website.yml"):
        assert "orders.example.com" in (service / name).read_text()


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
