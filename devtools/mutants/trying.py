"""A copy of the tree in which defects come and go, and what the tests say there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from devtools import DevelopmentError
from devtools.mutants.defects import Defect

PATIENCE_SECONDS = 600  # a defect by which the tests never end has not been noticed
ENDING_SECONDS = 30
FAILED = 1  # pytest's status for tests that failed; what it cannot collect or begin has another


class Copy:
    """The files that git knows, the changes of the day included."""

    def __init__(self, project: Path, folder: Path) -> None:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if listed.returncode:
            raise DevelopmentError(f"git does not list the files of this tree: {listed.stderr.strip()}")
        for name in listed.stdout.split("\0"):
            if name and (project / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(project / name, folder / name)
        self._folder = folder

    def expect_green(self, defects: list[Defect]) -> None:
        """Run the tests of all of them without any; raises `DevelopmentError` if one fails."""
        tests = sorted({test for defect in defects for test in defect.tests})
        print(f"Without a defect: {' '.join(tests)}", flush=True)
        status, said = self._run("--numprocesses=2", "--dist=loadfile", *tests)
        if status:
            raise DevelopmentError(f"the tests fail as they are, so they prove nothing:\n{said[-4000:]}")
        print("\n| defect | what is wrong then | the first test that fails |\n|---|---|---|", flush=True)

    def noticed(self, defect: Defect) -> str:
        """Return the name of a test that fails with this defect; empty if none does."""
        path = self._folder / defect.file
        right = path.read_text()
        path.write_text(defect.planted(right))
        try:
            status, said = self._run("--exitfirst", *defect.tests)
        finally:
            path.write_text(right)
        failed = re.search(r"^(?:FAILED|ERROR) \S+::(\w+)", said, re.MULTILINE)
        return f"`{failed[1]}`" if status == FAILED and failed else ""

    def _run(self, *arguments: str) -> tuple[int | None, str]:
        """Run pytest, in a group of its own, since a defect may leave processes; return its status and its words."""
        command = [sys.executable, "-m", "pytest", "-q", "--no-cov", "-rfE", "-p", "no:cacheprovider", *arguments]
        # Bytecode is known by size and second of its source, and two defects may have both in common.
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        pytest = subprocess.Popen(
            command,
            cwd=self._folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = pytest.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return None, _ended(pytest)
        except BaseException:
            _ended(pytest)
            raise
        return pytest.returncode, said


def _ended(pytest: "subprocess.Popen[str]") -> str:
    """End it, with what its tests have started: as Ctrl-C does, and by force if it does not listen."""
    for signum in (signal.SIGINT, signal.SIGKILL):
        os.killpg(pytest.pid, signum)
        with suppress(subprocess.TimeoutExpired):
            return pytest.communicate(timeout=ENDING_SECONDS)[0]
    return ""
