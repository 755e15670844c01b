import re
from collections import Counter

import pytest

from tests.conftest import PROJECT
from tests.containers.engine import until
from tests.containers.swarm.load import visitors
from tests.containers.swarm.stack import SETTINGS

pytestmark = pytest.mark.docker

GUIDE = PROJECT / "docs/deploy-swarm.md"


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


PASSWORDS = ("slipway_password", "slipway_migrate_password", "postgres_password", "redis_password")


def test_new_passwords_hold_after_a_release_and_the_former_after_one_that_was_taken_back(stack, say):
    former = stack.mounted("postgres") | stack.mounted("redis")
    for name in PASSWORDS:
        done = stack.run("put", "--new", name)
        assert done.returncode == 0, done.stderr
    done = stack.run("release", stack.make("ENV NEVER_READY=1"), env={"READY_SECONDS": "5"})
    assert "as before" in done.stderr
    assert stack.mounted("postgres") | stack.mounted("redis") == former
    logins_work(stack)

    with visitors(stack) as load:
        said = stack.release(stack.make())
    say(load, said.splitlines()[-1], Counter(str(status) for _, _, _, status, _ in load.failures))
    now = stack.mounted("postgres") | stack.mounted("redis")
    assert all(now[name] != former[name] for name in PASSWORDS)
    logins_work(stack)
    assert {status for _, _, _, status, _ in load.failures} <= {503}


def logins_work(stack):
    for role in ("postgres", "slipway", "slipway_migrate"):
        stack.log_in(role)
    for web in stack.ready("web", 2):
        until(lambda web=web: readiness(stack, web) == '{"status":"ok"}')


ASKING = """
from urllib.request import Request, urlopen
headers = {"Host": "app.test", "X-Forwarded-Proto": "https"}
print(urlopen(Request("http://127.0.0.1:8000/readyz", headers=headers)).read().decode().strip())
"""


def readiness(stack, web):
    return stack.engine.result("exec", web, "python", "-c", ASKING).stdout.strip()


# The image's bytecode is not compared with its source.
LOOKING = """RUN rm -r migrations/__pycache__ && printf '%s\\n' >>migrations/env.py \\
    'import os' \\
    'from pathlib import Path' \\
    '[print("has", name) for name, path in os.environ.items() if name.endswith("_FILE") and Path(path).read_text()]' \\
    'print("is", Path(os.environ["DATABASE_URL_FILE"]).read_text().split("/")[2].split(":")[0])'"""


def stack_yml(stack):
    return (stack.commands / "stack.yml").read_text()


def test_a_secret_more_is_named_as_the_guide_says_and_wanted_from_then_on(files):
    section = GUIDE.read_text().partition("### A secret more\n")[2]
    lines = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)[1].splitlines(keepends=True)
    beside = ("    - {source: database_url", "    DATABASE_URL_FILE", "  database_url: {external")
    for line, other in zip(lines, beside, strict=True):
        files.change("stack.yml", other, f"{line}{other}")
    done = files.run("release", files.make())
    assert done.returncode == 1
    assert "stack.yml or stores.yml names partner_key, and there is none" in done.stderr
    name = files.put_random("partner_key")
    files.put("settings", f"{SETTINGS}SESSION_STORE=redis\n")
    # The migration starts with all that web has, or it would refuse what web accepts.
    said = files.release(files.make(LOOKING))
    assert set(re.findall(r"\| has ([A-Z_]+)", said)) == set(re.findall(r"    ([A-Z_]+_FILE): ", stack_yml(files)))
    assert "| is slipway_migrate" in said
    files.put("settings", SETTINGS)
    assert files.mounted("web")["partner_key"] == files.mounted("worker")["partner_key"] == name


def test_what_nothing_uses_is_kept_and_said(stack):
    done = stack.run("put", "s3_secret_key_of_nobody", input="x")
    assert "Nothing uses s3_secret_key_of_nobody yet" in done.stderr
    assert f"{stack.name}_s3_secret_key_of_nobody_1 is kept" in done.stdout


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
