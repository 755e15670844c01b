"""What can be removed is removed in a copy, with the commands of the README, and the rest is checked there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT

BIN = Path(sys.executable).parent
README = (PROJECT / "README.md").read_text()


@pytest.fixture
def copy(tmp_path) -> Path:
    """The project's own files, as git knows them, in another folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if (PROJECT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, tmp_path / name)
    subprocess.run("git init --quiet && git add --all", shell=True, cwd=tmp_path, check=True)
    return tmp_path


EXAMPLE = PROJECT / "app/features/notes"
MIGRATIONS = sorted(path.name for path in (PROJECT / "migrations/versions").glob("*.py"))


def run(folder: Path, *command: str) -> None:
    result = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example has been removed already")
@pytest.mark.skipif(
    EXAMPLE.exists() and MIGRATIONS != ["0001_notes.py"],
    reason="later migrations stand on the example's: as README says, one of your own drops its table now",
)
def test_without_the_example_lint_and_tests_are_still_green(copy, server, redis_server, monkeypatch):
    [block] = re.findall(r"## Remove the example\n\n```sh\n(.*?)```", README, re.DOTALL)
    commands, check = block.strip().rsplit("\n", 1)
    assert check == "make check"
    subprocess.run(commands, shell=True, cwd=copy, check=True)
    leftovers = [path for path in (copy / "app").rglob("*") if path.is_file() and "notes" in path.read_text()]
    assert leftovers == []
    run(copy, "ruff", "format", "--check", ".")
    run(copy, "ruff", "check", ".")
    run(copy, "mypy")
    run(copy, "lint-imports")
    monkeypatch.setenv("DATABASE_URL", server(""))
    monkeypatch.setenv("REDIS_URL", redis_server.url(0))
    # Not again what no feature can change: this test, the private PostgreSQL, the settings, the processes.
    left_out = [f"--ignore=tests/{name}" for name in ("guardrails/test_removal.py", "devtools", "config", "stack")]
    run(copy, "pytest", "--no-cov", "-q", *left_out)
    run(copy, "pytest", "--no-cov", "-q", "tests/stack/test_requests.py", "tests/stack/test_fuzz.py")


@pytest.mark.skipif((PROJECT / "app/features/greetings").exists(), reason="it has been added already")
def test_the_readmes_endpoint_works_as_it_is_written(copy):
    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (copy / "app/features/greetings").mkdir()
    (copy / "app/features/greetings/__init__.py").write_text(code)
    published = (copy / "app/api.py").read_text()
    published = published.replace(
        "from app.features import pages, ping", "from app.features import greetings, pages, ping"
    )
    published = published.replace("    ping.bp,\n", "    ping.bp,\n    greetings.bp,\n")
    (copy / "app/api.py").write_text(published)
    (copy / "tests/test_readme.py").write_text(
        "def test_greetings(client):\n"
        '    assert client.post("/v1/greetings", json={"name": "Ann"}).json == {"text": "Hello, Ann!"}\n'
        '    assert client.post("/v1/greetings", json={"name": ""}).status_code == 422\n'
        '    assert "/v1/greetings" in client.get("/openapi.json").json["paths"]\n'
    )
    run(copy, "ruff", "format", "--check", "app")
    run(copy, "ruff", "check", "app")
    run(copy, "mypy")
    run(copy, "lint-imports")
    run(copy, "pytest", "--no-cov", "-q", "tests/test_readme.py")
