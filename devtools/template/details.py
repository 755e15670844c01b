"""What a service says of itself beside its name: domain, owner, licence, description, and a changelog of its own."""

import re
from collections.abc import Mapping
from pathlib import Path

from devtools.template.names import Name

LICENCES = {"MIT": "MIT", "Apache-2.0": "Apache-2.0", "proprietary": "LicenseRef-Proprietary"}
# What stands in this repository's files for what every service has of its own.
DOMAIN = "app.example.org"
EMAIL = "ops@example.org"
DESCRIPTION = "A Flask service made for production, which proves what it claims"
GUIDES = ("README.md", "CONTRIBUTING.md", "docs/**/*.md", "deploy/**/*")
LABELLED = ("pyproject.toml", "Dockerfile", "docs/index.md", "mkdocs.yml", "tests/containers/image/test_contents.py")

CHANGELOG = """\
# Changelog

What changes for those who use {title} or build on it. The format follows [Keep a Changelog](https://keepachangelog.com).

## Unreleased

### Added

- {title}: {description}.
"""
RESERVED = """\
Copyright (c) {year} {owner}. All rights reserved.

Nobody may use, copy, change or pass on this software without the written permission of the owner.
"""

# The template's own is a boat; until somebody draws one, a service has the first letter of its title.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5fa5"/>'
    '<text x="16" y="23" font-family="sans-serif" font-size="20" font-weight="700" text-anchor="middle" fill="#fff">'
    "{initial}</text></svg>\n"
)


def describe(project: Path, answers: Mapping[str, str], present: Name) -> None:
    """Write the answers into the files of a tree that is still called `present`."""
    _examples(project, answers, present)
    _description(project, answers["description"])
    _licence(project, answers["licence"], answers["owner"])
    if answers["title"] != present.title:
        _icon(project, answers["title"][0])
    about = {"title": present.title, "description": answers["description"].rstrip(".")}
    (project / "CHANGELOG.md").write_text(CHANGELOG.format(**about))
    _edit(project / "pyproject.toml", r'^version = ".*"$', 'version = "0.1.0"')  # its own versions begin here


def _examples(project: Path, answers: Mapping[str, str], present: Name) -> None:
    """Put the service's own addresses in place of the examples of guides and of what is deployed."""
    repository = answers["repository"]
    folder = repository.rstrip("/").removesuffix(".git").rpartition("/")[2]
    example = f"https://git.example.org/you/{present.hyphened}.git"
    own = {
        f"{example} && cd {present.hyphened}": f"{repository} && cd {folder}",
        example: repository,
        DOMAIN: answers["domain"],
        EMAIL: answers["email"],
    }
    for path in {path for pattern in GUIDES for path in project.glob(pattern) if path.is_file()}:
        before = text = path.read_text(errors="surrogateescape")
        for old, new in own.items():
            text = text.replace(old, new)
        if text != before:
            path.write_text(text, errors="surrogateescape")


def _description(project: Path, description: str) -> None:
    if description != DESCRIPTION:
        _edit(project / "README.md", r"\A(# .*\n\n)(?:[^\n#].*\n)+", rf"\g<1>{description.rstrip('.')}.\n")
        for name in LABELLED:
            _edit(project / name, DESCRIPTION, description.rstrip("."))


def _icon(project: Path, initial: str) -> None:
    (project / "app/static/icon.svg").write_text(ICON.format(initial=initial))
    _edit(project / "mkdocs.yml", r"(?<=^    logo: )material/.*$", f"material/alpha-{initial.lower()}-box")


def _licence(project: Path, licence: str, owner: str) -> None:
    text = (project / "LICENSE").read_text()
    [year] = re.findall(r"^Copyright \(c\) (\d+)", text, re.MULTILINE)
    if licence == "MIT":
        text = re.sub(r"^(Copyright \(c\) \d+ ).*$", lambda found: found[1] + owner, text, flags=re.MULTILINE)
    elif licence == "Apache-2.0":
        text = Path(__file__).with_name("apache-2.0.txt").read_text().format(year=year, owner=owner)
    else:
        text = RESERVED.format(year=year, owner=owner)
    (project / "LICENSE").write_text(text)
    if licence != "MIT":
        for name in LABELLED:
            _edit(project / name, '"MIT"', f'"{LICENCES[licence]}"')
        said = {"Apache-2.0": "Apache licence 2.0."}.get(licence, "All rights reserved ([LICENSE](LICENSE)).")
        _edit(project / "README.md", r"^MIT licence\.", said)


def _edit(path: Path, pattern: str, replacement: str) -> None:
    """Replace what a pattern finds; a file that a part took along has nothing to edit."""
    if path.exists():
        path.write_text(re.sub(pattern, replacement, path.read_text(), flags=re.MULTILINE))
