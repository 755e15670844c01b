import pytest

from devtools import DevelopmentError
from devtools.removal import locking, relock
from tests.conftest import PROJECT


def test_each_file_of_requirements_is_locked_as_make_does_but_nothing_is_upgraded():
    commands = locking.commands(PROJECT)
    assert commands[0][-1] == "requirements.txt"  # on which the others stand
    assert {command[-1] for command in commands} == {path.name for path in PROJECT.glob("requirements*.txt")}
    assert all("--generate-hashes" in command and "make lock" in command for command in commands)
    assert not [command for command in commands if "--upgrade" in command]


def test_without_an_answer_of_the_index_it_says_what_to_run(tmp_path, monkeypatch):
    (tmp_path / "Makefile").write_text("EXTRAS :=\nGROUPS :=\nLOCK := --quiet\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\ndependencies = ["flask"]\n')
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_NO_CACHE", "1")
    with pytest.raises(DevelopmentError, match="run `make relock`"):
        relock(tmp_path)
