"""The command in the foreground: its status, its signals, and its end."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

Until = Callable[[Callable[[], object]], None]

NO_SERVER = {"DATABASE_URL": "postgresql://elsewhere/app", "REDIS_URL": "redis://elsewhere"}


def test_the_status_of_the_command_is_passed_on(new_project: "Project") -> None:
    assert new_project.run("sh", "-c", "exit 78", **NO_SERVER).returncode == 78


def test_the_signal_that_ended_the_command_is_told_as_a_shell_does(new_project: "Project") -> None:
    assert new_project.run("sh", "-c", "kill -9 $$", **NO_SERVER).returncode == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_is_a_message(new_project: "Project") -> None:
    result = new_project.run("no-such-command", **NO_SERVER)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("devtools: cannot run no-such-command: ")
    assert "Traceback" not in result.stderr


def test_no_command_at_all_shows_the_usage(new_project: "Project") -> None:
    result = new_project.run()
    assert (result.returncode, result.stderr) == (2, "usage: python -m devtools COMMAND [ARGS...]\n")


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_a_request_to_end_is_forwarded_and_nothing_is_left(project: "Project", until: Until, name: str) -> None:
    script = f"trap 'echo {name}; exit 5' {name}; touch started; while :; do sleep 0.1; done"
    wrapper = project.start("sh", "-c", script)
    until((project.folder / "started").exists)
    wrapper.send_signal(signal.Signals[f"SIG{name}"])
    output, _errors = wrapper.communicate(timeout=60)
    assert (output, wrapper.returncode) == (f"{name}\n", 5)
    assert project.is_quiet()


def test_a_command_that_reloads_on_a_hang_up_ends_all_the_same(new_project: "Project", until: Until) -> None:
    script = "trap : HUP; touch started; while :; do sleep 0.1; done"
    wrapper = new_project.start("sh", "-c", script, **NO_SERVER)
    until((new_project.folder / "started").exists)
    wrapper.send_signal(signal.SIGHUP)
    assert wrapper.wait(timeout=60) == 128 + signal.SIGTERM


def test_control_c_on_the_terminal_ends_the_command_and_then_the_server(project: "Project", until: Until) -> None:
    script = "trap 'sleep 0.2; exit 5' INT; touch started; while :; do sleep 0.1; done"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.folder)
        os.execve(sys.executable, [sys.executable, "-m", "devtools", "sh", "-c", script], project.environ())
    until((project.folder / "started").exists)
    os.write(terminal, b"\x03")
    _pid, status = os.waitpid(pid, 0)
    quiet = project.is_quiet()
    os.close(terminal)
    assert (os.waitstatus_to_exitcode(status), quiet) == (5, True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_the_command_does_not_outlive_a_killed_wrapper(
    new_project: "Project", until: Until, is_alive: Callable[[int], bool]
) -> None:
    wrapper = new_project.start("sh", "-c", "echo $$ > pid.new; mv pid.new pid; exec sleep 300", **NO_SERVER)
    until((new_project.folder / "pid").exists)
    command = int((new_project.folder / "pid").read_text())
    wrapper.kill()
    until(lambda: not is_alive(command))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_nothing_outlives_a_killed_make(new_project: "Project", until: Until, is_alive: Callable[[int], bool]) -> None:
    note = "echo $$ > pid.new; mv pid.new pid; exec sleep 300"
    program = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'devtools', 'sh', '-c', sys.argv[1]])"
    make = new_project.start_python("-c", program, note, **NO_SERVER)
    until((new_project.folder / "pid").exists)
    command = int((new_project.folder / "pid").read_text())
    make.kill()
    until(lambda: not is_alive(command))


def test_a_hang_up_that_nohup_ignores_stays_ignored(new_project: "Project", until: Until) -> None:
    script = "touch started; while [ ! -e enough ]; do sleep 0.1; done"
    wrapper = subprocess.Popen(
        ["nohup", sys.executable, "-m", "devtools", "sh", "-c", script],
        cwd=new_project.folder,
        env=new_project.environ() | NO_SERVER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until((new_project.folder / "started").exists)
    wrapper.send_signal(signal.SIGHUP)
    (new_project.folder / "enough").touch()
    assert wrapper.wait(timeout=60) == 0
