"""The page of the commands: make's, flask's, and those of an operator on a VPS."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from devtools.reference import markdown
from devtools.reference.service import application

PROJECT = Path(__file__).parents[2]
INTRODUCTION = """`make` is for developers, on their machines and in CI. `flask` is the service's own: in
`make shell`, or where it is installed; `--help` explains each.
`slipway`, where there is one, is the operator's, on a VPS."""


def page() -> str:
    """Return the page."""
    columns = ("command", "does")
    return markdown.page(
        "Commands",
        INTRODUCTION,
        markdown.section("make", columns, _targets()),
        markdown.section("flask", ("command", "does", "options"), _of_flask()),
        markdown.section("slipway", columns, _of_the_operator()),
    )


def _targets() -> Iterator[markdown.Row]:
    text = (PROJECT / "Makefile").read_text()
    for name, says in re.findall(r"^([a-z-]+):.*?## (.*)$", text, re.MULTILINE):
        yield markdown.code(f"make {name}"), says


def _of_flask() -> Iterator[markdown.Row]:
    commands = application().cli.commands
    for name in sorted(commands):
        yield from _rows(f"flask {name}", commands[name])


def _rows(name: str, declared: click.Command) -> Iterator[markdown.Row]:
    command = declared.make_context(name, [], resilient_parsing=True).command  # some are imported when they are called
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            if found := command.get_command(context, inner):
                yield from _rows(f"{name} {inner}", found)
        return
    arguments = [argument.make_metavar(click.Context(command)) for argument in command.params if _is_argument(argument)]
    options = [option.opts[-1] for option in command.params if not _is_argument(option)]
    says = markdown.sentence(command.help or "")
    yield markdown.code(" ".join([name, *arguments])), says, ", ".join(map(markdown.code, options))


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _of_the_operator() -> Iterator[markdown.Row]:
    """Yield the scripts that are commands: each says in its second line what it does."""
    for script in sorted((PROJECT / "deploy/vps").glob("*")):
        if not script.is_file() or script.name in {"provision", "slipway"}:
            continue
        if says := re.match(r"#!.*\n# ([A-Z].*)", script.read_text()):
            yield markdown.code(f"slipway {script.name}"), says[1].rstrip(".")
