"""The page of the settings: from `app/config`, with the words of `.env.example`."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from app.config.environments import ENVIRONMENTS
from app.config.setting import REQUIRED, Setting, settings_of
from devtools.reference import markdown

EXAMPLE = Path(__file__).parents[2] / ".env.example"
INTRODUCTION = """Each is a variable of the environment, or a line of the file that `APP_CONFIG_FILE` names; in
development `.env` is read too. An empty one counts as unset. A secret may also be given as `NAME_FILE`, the path of a
file that holds it. Whatever is wrong is told at start, all at once, with exit status 78."""


def page() -> str:
    """Return the page."""
    columns = ("setting", "default", "what it is", "what it accepts")
    sections = (markdown.section(title, columns, _rows(text)) for title, text in _sections())
    return markdown.page("Settings", INTRODUCTION, *sections)


def _sections() -> Iterator[tuple[str, str]]:
    """Yield the headings of the example, each with what is below it; what follows a colon is the page's to tell."""
    parts = re.split(r"^# --- (.*?) -+$", EXAMPLE.read_text(), flags=re.MULTILINE)[1:]
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        yield title.partition(":")[0], text


def _rows(text: str) -> Iterator[markdown.Row]:
    production, development = (
        {declared.variable or name: declared for name, declared in settings_of(ENVIRONMENTS[which]).items()}
        for which in ("production", "development")
    )
    for explanation, lines in re.findall(r"((?:^# .*\n)+)((?:^#?[A-Z0-9_]+=.*\n)+)", text, re.MULTILINE):
        words = " ".join(line.removeprefix("# ") for line in explanation.splitlines())
        for name in re.findall(r"^#?([A-Z0-9_]+)=", lines, re.MULTILINE):
            declared, here = production.get(name), development.get(name)
            if declared and here:
                default = _default(declared)
                differs = f"; in development {_default(here)}" if _default(here) != default else ""
                yield markdown.code(name), default + differs, words, _accepts(declared)
            else:  # the loader's own, which say where settings come from
                yield markdown.code(name), "", words, ""
            words = "likewise"


def _default(declared: Setting) -> str:
    if declared.default is REQUIRED:
        return "none: required"
    if callable(declared.default):
        return "" if declared.default in {list, dict} else "computed"
    if isinstance(declared.default, tuple):
        return ", ".join(map(markdown.code, declared.default))
    return "" if declared.default is None else markdown.code(declared.default)


def _accepts(declared: Setting) -> str:
    """Return what the parser says that it takes: in its docstring, or when it is given what it cannot take."""
    said = markdown.sentence(inspect.getdoc(declared.parse) or "").removeprefix("Accept ")
    said = re.split(r"; return|, which|, `\*` is left", said)[0]  # what follows is for programmers
    if not said:
        try:
            declared.parse("\0")
        except ValueError as refusal:
            said = str(refusal).removeprefix("not ")
    return f"{said} (a secret)" if declared.secret else said
