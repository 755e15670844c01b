"""What in a service would tell of the template, of parts that it has not, or of examples where it was told its own."""

import re
from collections.abc import Iterator, Mapping

from devtools.template.details import DESCRIPTION, DOMAIN, EMAIL

# What only the maker of services needs.
MAKER = ("copier.yml", ".copier-answers.yml.jinja", "devtools/template/", "tests/template/", "tests/devtools/template/")
MADE = re.compile(r"make (new|rename)\b|copier\.yml|devtools[./]template")
KNOWS = ("tests/removal/", "devtools/update/sources/questions.py")  # of all parts; of what a template asks
TOLD = ("README.md", "CONTRIBUTING.md", "deploy/", "docs/", "mkdocs.yml", "pyproject.toml", "Dockerfile")
EXAMPLES = re.compile("|".join(map(re.escape, (DESCRIPTION, DOMAIN, EMAIL, "git.example.org/you"))))
FIGURES = re.compile(r"^## Proof|78,472|docs/images/", re.MULTILINE)


def traces(texts: Mapping[str, str]) -> Iterator[str]:
    """Yield what is found in a service of another name, description, domain, repository and address, by path."""
    for name, text in texts.items():
        said = re.sub(r"^_src_path: .*$", "", text, flags=re.MULTILINE) if name == ".copier-answers.yml" else text
        if name.startswith(MAKER) or "slipway" in name.lower():
            yield f"{name} is there"
        if "slipway" in said.lower():
            yield f"{name} names the template"
        if not name.startswith(KNOWS) and (found := MADE.search(said)):
            yield f"{name} speaks of {found[0]}"
        if name.startswith(TOLD) and (found := EXAMPLES.search(said)):
            yield f"{name} has {found[0]}"
    if found := FIGURES.search(texts["README.md"]):
        yield f"README.md has {found[0]}, which is of the template"
