"""docs/proof.md names commands that there are; what they say is for whoever runs them."""

import re

import pytest

from tests.conftest import PROJECT

PAGE = (PROJECT / "docs/proof.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## Not proved")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| claim ")
]
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize(("claim", "command", "seen", "date"), ROWS, ids=[row[0] for row in ROWS])
def test_a_claim_has_ids_a_command_that_is_there_and_a_date(claim, command, seen, date):
    assert re.search(r" \(R-[A-Z]{3}-\d+(, R-[A-Z]{3}-\d+)*\)$", claim)
    assert re.fullmatch(r"`(make|pytest) [^`]+`", command)
    program, *words = command.strip("`").split()
    assert program == "pytest" or words[0] in TARGETS
    for path in re.findall(r"\btests/[\w./]+", command):
        assert (PROJECT / path).exists(), path
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", date)


def test_there_is_a_table_of_what_was_not_proved():
    assert len(re.findall(r"^\| [^|]+ \| [^|]+ \|$", PAGE.partition("## Not proved")[2], re.MULTILINE)) > 1
