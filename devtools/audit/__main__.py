"""`python -m devtools.audit` says what is known of the packages that are locked, and writes `.dev/sbom.json`.

Exit status 0: all were looked up, and nothing is known but what `[tool.audit.accepted]` of pyproject.toml accepts; 1:
something is known, or an exception is needed no more; 3: something could not be looked up, which is no success.
`AUDIT_OSV_URL` names another source than PyPI, one that speaks the protocol of https://osv.dev.
"""

import os
import sys
import tomllib
from pathlib import Path

from devtools import DevelopmentError
from devtools.audit import components, vulnerabilities
from devtools.audit.vulnerabilities import Lookup

PROJECT = Path.cwd()
FOUND = 1
UNAVAILABLE = 3


def main() -> int:
    """Look at each lock file, print what is known, write the list; return the exit status."""
    try:
        path = components.write(PROJECT)
        lookup = vulnerabilities.look_up(sorted(PROJECT.glob("requirements*.txt")), os.environ.get("AUDIT_OSV_URL"))
    except DevelopmentError as error:
        print(f"devtools: {error}", file=sys.stderr)
        return FOUND
    print(f"Made of: {path.relative_to(PROJECT)}, CycloneDX, {components.count(path)} components.")
    return _judge(lookup, _accepted())


def _judge(lookup: Lookup, accepted: dict[str, str]) -> int:
    refused = sorted((each for each in lookup.known if each.name not in accepted), key=str)
    unused = accepted.keys() - {each.name for each in lookup.known}
    needless = [] if lookup.not_looked_up else sorted(unused)
    print(lookup)
    for each in refused:
        print(f"VULNERABLE: {each}")
    for each in sorted((each for each in lookup.known if each.name in accepted), key=str):
        print(f"accepted: {each}: {accepted[each.name]}")
    for name in needless:
        print(f"{name} is accepted in pyproject.toml, and nothing has it any more: take it out.")
    if refused or needless:
        return FOUND
    if lookup.not_looked_up:
        print(f"UNAVAILABLE: of {len(lookup.not_looked_up)} nobody could tell; this is no success.", file=sys.stderr)
        return UNAVAILABLE
    print("Nothing is known against them.")
    return 0


def _accepted() -> dict[str, str]:
    """Return what pyproject.toml accepts, a reason for each."""
    tools = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    accepted: dict[str, str] = tools.get("audit", {}).get("accepted", {})
    return accepted


if __name__ == "__main__":
    sys.exit(main())
