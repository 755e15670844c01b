"""The pipelines as data: their jobs, and the commands that these run."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import yaml

from tests.conftest import PROJECT

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
GITLAB = PROJECT / ".gitlab-ci.yml"
# What makes a machine ready, or is the forge's own.
SETUP = ("apt-get ", "apk add ", "git config ", "docker login ", "gh ", "[[ ")


class Command(NamedTuple):
    """A line that a job runs, with the values of its matrix in it."""

    job: str
    line: str


def workflow(name: str) -> dict[Any, Any]:
    return yaml.safe_load((PROJECT / ".github/workflows" / f"{name}.yml").read_text())


def gitlab() -> dict[str, Any]:
    return yaml.safe_load(GITLAB.read_text())


def github_commands() -> Iterator[Command]:
    for path in WORKFLOWS:
        for name, job in yaml.safe_load(path.read_text())["jobs"].items():
            rows = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
            for row, step in product(rows, job.get("steps", [])):
                values = {"SUITE": row.get("suite", ""), "TESTS": row.get("tests", "")}
                if "run" in step:
                    yield Command(name, filled(step["run"], values))


def gitlab_commands() -> Iterator[Command]:
    for name, job in gitlab().items():
        if isinstance(job, dict) and "script" in job:
            rows = job.get("parallel", {}).get("matrix", [{}])
            for row, line in product(rows, [*job.get("before_script", []), *job["script"]]):
                yield Command(name, filled(line, row))


def filled(line: str, values: dict[str, str]) -> str:
    """Return a line with the values of SUITE and TESTS, without a comment, and without an empty argument."""
    for name in ("SUITE", "TESTS"):
        line = line.replace(f'"${name}"', values.get(name, ""))
    return re.sub(r"( TESTS=)?( #.*)?$", "", line)
