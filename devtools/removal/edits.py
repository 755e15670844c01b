"""What a removal deletes, and what it leaves of the files that it edits; nothing is written here."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from devtools import DevelopmentError
from devtools.removal import cuts, derived, imports, sections
from devtools.removal.manifest import Part


def mirror(part: Part) -> list[str]:
    """Return where the tests of a part's own module are, as the tree has it."""
    if "module" not in part:
        return []
    module = Path(part["module"])
    tests = Path("tests", *module.parts[1:])
    return [str(tests.with_name(f"test_{module.name}") if module.suffix == ".py" else tests)]


def files(part: Part) -> list[str]:
    """Return the patterns of what is deleted with a part."""
    own = [part[key] for key in ("module", "place") if key in part]
    locks = [f"requirements-{group}.txt" for group in [*part.get("groups", []), *part.get("extras", [])]]
    return [*own, *mirror(part), *locks, *part.get("files", [])]


def deleted(goes: Sequence[Part], stays: Sequence[Part], project: Path) -> list[Path]:
    """Return the files and folders that go; of a folder in which something stays, what does not."""
    kept = {path for part in stays for pattern in files(part) for path in project.glob(pattern)}
    found = {path for part in goes for pattern in files(part) for path in project.glob(pattern)}
    whole = [path for path in found if not found.intersection(path.parents)]
    return sorted(path for each in whole for path in _without(each, kept))


def _without(path: Path, kept: set[Path]) -> Iterator[Path]:
    if path in kept:
        return
    if any(path in other.parents for other in kept):
        for child in path.iterdir():
            yield from _without(child, kept)
    else:
        yield path


def edited(goes: Sequence[Part], project: Path, gone: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Yield each file that changes, with its new text; what another part has taken along is no error."""
    lines = [derived.lines(part) for part in goes]
    words = [derived.words(part) for part in goes] + [derived.rest(part) for part in goes]
    for name in dict.fromkeys(name for table in (*lines, *words) for name in table):
        path = project / name
        if not path.is_file() or any(path.is_relative_to(other) for other in gone):
            continue
        before = text = path.read_text()
        for pattern in (pattern for table in lines for pattern in table.get(name, [])):
            text = cuts.cut(name, text, pattern)
        for pattern in (pattern for table in words for pattern in table.get(name, [])):
            text = cuts.cut_words(text, pattern)
        if text != before:
            yield path, _finished(name, before, text)


def _finished(name: str, before: str, text: str) -> str:
    if name.endswith(".md"):
        return sections.without_empty(text)
    if not name.endswith(".py"):
        return text.rstrip("\n") + "\n"
    try:
        return imports.without_unused(before, text)
    except SyntaxError as error:
        raise DevelopmentError(f"{name} has changed, the list of parts does not fit it any more: {error}") from error
