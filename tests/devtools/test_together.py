"""Several commands in the foreground: they start together and end together."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

Until = Callable[[Callable[[], object]], None]

MODULE = ("-m", "devtools.together")


def until_told(name: str, status: int = 0) -> str:
    """A command that notes its number, and leaves a word when it is told to end."""
    script = f"trap 'echo {name}; exit {status}' TERM INT; echo $$ > {name}.new; mv {name}.new {name}"
    return f'sh -c "{script}; while :; do sleep 0.05; done"'


def both_run(folder: Path) -> bool:
    return (folder / "one").exists() and (folder / "two").exists()


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_request_to_end_reaches_all_of_them(new_project: "Project", until: Until, name: str) -> None:
    together = new_project.start_python(*MODULE, until_told("one"), until_told("two"))
    until(lambda: both_run(new_project.folder))
    together.send_signal(signal.Signals[f"SIG{name}"])
    output, errors = together.communicate(timeout=60)
    assert (sorted(output.split()), errors, together.returncode) == (["one", "two"], "", 0)


def test_the_status_of_one_that_did_not_end_well_is_passed_on(new_project: "Project", until: Until) -> None:
    together = new_project.start_python(*MODULE, until_told("one"), until_told("two", 5))
    until(lambda: both_run(new_project.folder))
    together.send_signal(signal.SIGTERM)
    assert together.wait(timeout=60) == 5


@pytest.mark.parametrize(("how", "status"), [("exit 78", 78), ("kill -9 $$", 137), ("exit 0", 1)])
def test_when_one_ends_by_itself_that_is_told_and_the_others_end_too(
    new_project: "Project", how: str, status: int
) -> None:
    command = f"sh -c '{how}'"
    together = new_project.start_python(*MODULE, until_told("one"), command)
    output, errors = together.communicate(timeout=60)
    ended = status if status != 1 else 0
    assert errors == f"devtools: {command} has ended by itself, status {ended}\n"
    assert together.returncode == status
    assert output in {"one\n", ""}  # it may have been told before it was ready to leave a word


def test_a_command_that_does_not_exist_is_a_message_and_the_others_end(new_project: "Project") -> None:
    together = new_project.start_python(*MODULE, until_told("one"), "no-such-command")
    _output, errors = together.communicate(timeout=60)
    assert together.returncode == 1
    assert errors.startswith("devtools: cannot run no-such-command: ")


def test_no_command_at_all_shows_the_usage(new_project: "Project") -> None:
    together = new_project.start_python(*MODULE)
    _output, errors = together.communicate(timeout=60)
    assert (together.returncode, errors) == (2, "usage: python -m devtools.together COMMAND...\n")


def test_control_c_on_the_terminal_reaches_each_of_them_once(new_project: "Project", until: Until) -> None:
    slow = "import signal, time, pathlib as p; n = []; signal.signal(2, lambda *_: n.append(2)); "
    slow += "signal.signal(15, lambda *_: n.append(15)); p.Path('two').touch()\n"
    slow += "while not n: time.sleep(0.01)\ntime.sleep(0.5); p.Path('seen').write_text(str(n))"
    (new_project.folder / "slow.py").write_text(slow)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(new_project.folder)
        command = [sys.executable, *MODULE, until_told("one"), f"{sys.executable} slow.py"]
        os.execve(sys.executable, command, new_project.environ())
    until(lambda: both_run(new_project.folder))
    os.write(terminal, b"\x03")
    _pid, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert (new_project.folder / "seen").read_text() == "[2]"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_none_outlives_a_wrapper_that_is_killed(
    new_project: "Project", until: Until, is_alive: Callable[[int], bool]
) -> None:
    together = new_project.start_python(*MODULE, until_told("one"), until_told("two"))
    until(lambda: both_run(new_project.folder))
    commands = [int((new_project.folder / name).read_text()) for name in ("one", "two")]
    together.kill()
    until(lambda: not any(is_alive(command) for command in commands))


def test_a_hang_up_that_nohup_ignores_stays_ignored(new_project: "Project", until: Until) -> None:
    script = 'sh -c "touch started; while [ ! -e enough ]; do sleep 0.1; done"'
    together = subprocess.Popen(
        ["nohup", sys.executable, *MODULE, script],
        cwd=new_project.folder,
        env=new_project.environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until((new_project.folder / "started").exists)
    together.send_signal(signal.SIGHUP)
    (new_project.folder / "enough").touch()
    assert together.wait(timeout=60) == 1  # it ended by itself
