"""What a release does with what the public is answered in the end; the smoke test itself is tried on a real service."""

import shutil

import pytest

from tests.cluster.kubernetes.commands.command import BACK, COMPLETE, FORMER, GROUND, MIGRATION, PODS, REST, Command
from tests.cluster.kubernetes.rendering import KUBERNETES

pytestmark = pytest.mark.cluster

SERVED = {**COMPLETE, **FORMER}
ASKED = ["--smoke-test", "https://app.example.org", "production", "registry.example.org/slipway:1.4.2"]
SMOKE_TEST = """#!/bin/sh
echo "$*" >>"$STANDIN/asked"
test "$(wc -l <"$STANDIN/asked")" -gt "$(cat "$STANDIN/bad")"
"""


class Asked(Command):
    """The command, in a tree whose smoke test is content after so many times."""

    def __init__(self, folder):
        deploy = folder / "tree/deploy"
        shutil.copytree(KUBERNETES.parent, deploy)
        super().__init__(folder, deploy / "kubernetes")
        shutil.copy(KUBERNETES.parents[1] / ".env.example", deploy.parent)
        (deploy / "smoke_test.sh").write_text(SMOKE_TEST)
        (deploy / "smoke_test.sh").chmod(0o755)

    def bad(self, times, *options, told):
        (self.folder / "bad").write_text(f"{times}\n")
        return self(*ASKED, *options, told=told)

    def asked(self):
        return (self.folder / "asked").read_text().splitlines()

    def noted(self):
        return [call for call in self.calls() if call.startswith("annotate")]


@pytest.fixture
def asked(tmp_path):
    return Asked(tmp_path)


def test_what_answers_as_promised_stays_and_is_one_to_go_back_to(asked):
    done = asked.bad(0, "--", "--insecure", "--timeout", "5", told=SERVED)
    assert done.returncode == 0, done.stderr
    assert asked.asked() == ["--insecure --timeout 5 https://app.example.org"]
    assert asked.changes() == [GROUND, MIGRATION, *PODS, REST]
    assert len(asked.noted()) == len(PODS)


def test_what_answers_otherwise_is_taken_back_and_the_former_is_asked_too(asked):
    done = asked.bad(1, told=SERVED)
    assert done.returncode == 1
    assert "what https://app.example.org answers is not as promised; the former release serves on" in done.stderr
    assert "does not answer as promised either" not in done.stderr
    assert asked.changes() == [GROUND, MIGRATION, *PODS, REST, *BACK]
    assert asked.asked() == ["https://app.example.org"] * 2
    assert asked.noted() == []


def test_a_former_release_that_answers_no_better_is_told(asked):
    done = asked.bad(2, told=SERVED)
    assert done.returncode == 1
    assert "The former release does not answer as promised either." in done.stderr


def test_a_first_release_that_answers_otherwise_stays_to_be_looked_at(asked):
    done = asked.bad(1, told=COMPLETE)
    assert done.returncode == 1
    assert "There is nothing of web to go back to" in done.stderr
    assert "no release has served here yet" in done.stderr
    assert len(asked.asked()) == 1


def test_nobody_behind_the_address_is_an_answer_not_as_promised(release):
    done = release("--smoke-test", "http://127.0.0.1:1", "production", told=SERVED)
    assert done.returncode == 1
    assert "what http://127.0.0.1:1 answers is not as promised" in done.stderr
    assert release.changes()[-2:] == BACK


@pytest.mark.parametrize(
    "arguments", [["--smoke-test"], ["production", "--smoke-test", "no-url"], ["production", "--", "--insecure"]]
)
def test_a_smoke_test_has_an_address(release, arguments):
    assert release(*arguments).returncode == 2
    assert release.calls() == []
