"""What is known against the packages that are locked, by pip-audit; and of which of them nobody could tell."""

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROGRAM = ".dev/audit/bin/pip-audit"
SECONDS = 600
LOCKED = re.compile(r"^[\w.\[\]-]+==[\w.+!]+(?: ; [^\\\n]*[^\\\s])?", re.MULTILINE)


@dataclass(frozen=True)
class Vulnerability:
    """One that is known, of one package."""

    name: str
    package: str
    mended_in: str

    def __str__(self) -> str:
        """Return a line for a person."""
        return f"{self.package}: {self.name}, {f'mended in {self.mended_in}' if self.mended_in else 'not mended yet'}"


@dataclass(frozen=True)
class Lookup:
    """How many packages were looked up, what is known, who was not looked up, and why if it was nobody."""

    looked_up: int
    known: frozenset[Vulnerability]
    not_looked_up: frozenset[str]
    problem: str = ""

    def __str__(self) -> str:
        """Return a line for a person."""
        rest = f", {len(self.not_looked_up)} not{self.problem}" if self.not_looked_up else ""
        return f"Looked up: {self.looked_up} packages{rest}."


def look_up(locks: list[Path], osv_url: str | None) -> Lookup:
    """Ask for each package of the lock files; a source that does not answer leaves its packages not looked up."""
    source = ["--vulnerability-service=osv", f"--osv-url={osv_url}"] if osv_url else []
    looked_up = [_ask(requirements, source) for requirements in batches(locks)]
    return Lookup(
        sum(each.looked_up for each in looked_up),
        frozenset().union(*(each.known for each in looked_up)),
        frozenset().union(*(each.not_looked_up for each in looked_up)),
        "".join(sorted({each.problem for each in looked_up})),
    )


def batches(locks: list[Path]) -> list[list[str]]:
    """Return all that is locked, each once, in as few lists as it takes for none to have two versions of a package."""
    found: list[dict[str, str]] = []
    for line in dict.fromkeys(match[0] for lock in locks for match in LOCKED.finditer(lock.read_text())):
        name = line.split("==")[0]
        batch = next((each for each in found if name not in each), None)
        if batch is None:
            found.append(batch := {})
        batch[name] = line
    return [list(batch.values()) for batch in found]


def _ask(requirements: list[str], source: list[str]) -> Lookup:
    # Not --strict: it gives up at the first package of which nothing is said. pip-audit by itself would pass them over.
    options = ["--disable-pip", "--no-deps", "--progress-spinner=off", "--format=json", *source]
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(requirements))
            file.flush()
            command = [PROGRAM, *options, f"--requirement={file.name}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        said = json.loads(done.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return Lookup(0, frozenset(), frozenset(requirements), f": no answer within {SECONDS} s")
    except ValueError:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        return Lookup(0, frozenset(), frozenset(requirements), f": {lines[-1][:200]}")
    skipped = frozenset(each["name"] for each in said if "vulns" not in each)
    known = frozenset(_known(each, one) for each in said for one in each.get("vulns", []))
    return Lookup(len(said) - len(skipped), known, skipped)


def _known(package: dict[str, str], said: dict[str, list[str] | str]) -> Vulnerability:
    return Vulnerability(str(said["id"]), f"{package['name']} {package['version']}", ", ".join(said["fix_versions"]))
