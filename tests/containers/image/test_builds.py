"""How the images are built: what the linter says, whether it comes out the same, what can be added."""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.containers.conftest import GIT_SHA, RELEASE
from tests.copies import copied

pytestmark = pytest.mark.docker

# Files that the engine itself lays down when a container is made.
OF_THE_ENGINE = {".dockerenv", "dev/console", "etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab"}


def contents(engine, image):
    """Return, by path, what each file of an image is: its kind, mode, owner, and its content or where it leads."""
    container = engine("create", image)
    try:
        exported = subprocess.run([engine.program, "export", container], capture_output=True, check=True).stdout
    finally:
        engine("rm", container)
    found = {}
    with tarfile.open(fileobj=io.BytesIO(exported)) as archive:
        for one in archive:
            content = archive.extractfile(one) if one.isreg() else None
            digest = hashlib.file_digest(content, "sha256").hexdigest() if content else one.linkname
            found[one.name] = (one.type, one.mode, one.uid, one.gid, digest)
    return {name: found[name] for name in found.keys() - OF_THE_ENGINE}


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, PROJECT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_image_is_named_by_its_exact_version():
    named = subprocess.run([PROJECT / ".ci/images"], capture_output=True, text=True, check=True).stdout.split()
    assert named
    assert [name for name in named if not re.search(r":v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z0-9.-]+)?$", name)] == []


def test_it_needs_no_frontend_and_no_feature_that_is_not_everywhere():
    text = (PROJECT / "Dockerfile").read_text()
    assert not re.search(r"^# syntax|--mount|--link|<<", text, re.MULTILINE)


def test_a_build_from_scratch_in_another_checkout_has_the_same_content(engine, image, tmp_path, say):
    # With other times of change, and files that nobody else may read.
    tree = copied(tmp_path / "tree")
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
    versions = [f"--build-arg=RELEASE={RELEASE}", f"--build-arg=GIT_SHA={GIT_SHA}"]
    again = engine("build", "--quiet", "--no-cache", *versions, tree)
    try:
        first, second = contents(engine, image), contents(engine, again)
        differing = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    finally:
        engine.result("rmi", again)
    say(f"{len(first)} files, {len(differing)} differ")
    assert differing == []


def test_what_is_optional_is_added_by_an_argument(engine, image):
    made = engine("build", "--quiet", "--build-arg=EXTRAS=tracing uploads", PROJECT)
    try:
        assert engine("run", "--rm", made, "python", "-c", "import minio, opentelemetry.sdk; print('there')") == "there"
    finally:
        engine.result("rmi", made)
    missing = engine.result("run", "--rm", image, "python", "-c", "import minio")
    assert "ModuleNotFoundError" in missing.stderr
