import re

import pytest

from tests.containers.engine import until

pytestmark = pytest.mark.docker


def test_a_new_key_signs_nobody_out_and_the_one_after_forgets_the_first(stack):
    status, headers, _ = stack.ask("/v1/swarm/name/ada", "POST")
    assert status == 204
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert cookie.startswith("__Host-")

    first = stack.put_random("secret_key")
    stack.release(stack.make(), "--no-migration")
    assert stack.mounted("web")["secret_key"] == first
    assert '"ada"' in stack.ask("/v1/swarm/name", Cookie=cookie)[2]

    second = stack.put_random("secret_key")
    stack.release(stack.make(), "--no-migration")
    assert stack.mounted("web")["secret_key"] == second
    assert stack.mounted("web")["former_secret_key"] == first
    assert '"ada"' not in stack.ask("/v1/swarm/name", Cookie=cookie)[2]


def test_settings_that_are_not_acceptable_end_with_one_line_and_nothing_has_changed(stack):
    before = stack.containers("web")
    stack.put("secret_key", "too short\n")
    try:
        done = stack.run("release", stack.make())
        assert done.returncode == 1
        assert "non-zero exit (78)" in done.stderr
        assert len(re.findall("SECRET_KEY: ", done.stdout)) == 1
        assert "too short" not in done.stdout + done.stderr
        assert stack.containers("web") == before

        done = stack.run("release", stack.make(), "--no-migration")  # likewise, when nobody looks before
        assert done.returncode == 1
        assert "web: the swarm took the update back" in done.stderr
        assert "non-zero exit (78)" in done.stderr
        assert f"as before, {stack.now} serves" in done.stderr
        assert stack.serving() == {stack.now}
    finally:
        stack.put_random("secret_key")


def test_a_task_that_ends_with_78_is_tried_four_times_and_then_left_for_everybody_to_see(stack):
    # Where nobody takes it back: one of them is changed by hand, and the swarm told not to care.
    web = f"{stack.name}_web"
    by_hand = ["--update-failure-action=continue", "--update-order=stop-first", "--env-add=SECRET_KEY_FILE=/nowhere"]
    stack.engine("service", "update", "--detach", *by_hand, web)
    try:
        for slot in (1, 2):
            until(lambda slot=slot: len(of(slot, failed(stack))) == 4 and nothing_to_come(stack, slot))
        assert {task["Status"]["ContainerStatus"]["ExitCode"] for task in failed(stack)} == {78}
        said = stack.engine.result("service", "logs", "--raw", failed(stack)[0]["ID"]).stderr
        assert said.count("SECRET_KEY: its file cannot be read (No such file or directory)") == 1
    finally:
        stack.engine("service", "rollback", "--detach", web)


def failed(stack):
    tried = stack.tasks("web", "failed")
    return [task for task in tried if "SECRET_KEY_FILE=/nowhere" in task["Spec"]["ContainerSpec"]["Env"]]


def of(slot, tasks):
    return [task for task in tasks if task["Slot"] == slot]


def nothing_to_come(stack, slot):
    return all(task["DesiredState"] == "shutdown" for task in of(slot, stack.tasks("web")))
