"""A service's first weeks: made by chance, worked on, updated, checked, put on a Debian, and examined there.

SEED chooses its parts, and is printed; whatever it chooses, there is a machine to put it on (the part `vps`).
"""

import os
import random
import re
import subprocess
import sys

import pytest

from tests.template import edits
from tests.template.repository import published
from tests.template.services import chosen_by, committed, made, tried, updated

SEED = int(os.environ.get("SEED") or random.randrange(10_000))
REVISION = '''"""Orders."""

from alembic import op

revision = "0100"
down_revision = {head}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE order_numbers")


def downgrade() -> None:
    op.execute("DROP SEQUENCE order_numbers")
'''

pytestmark = pytest.mark.story


def test_a_service_that_was_made_updated_and_released_has_nothing_to_mend(tmp_path, say):
    answers = chosen_by(SEED) | {"vps": True}
    say(f"SEED={SEED}: {answers['name']}, {' '.join(part for part, wanted in answers.items() if wanted is True)}")
    service = made(published(tmp_path / "template"), answers, "v0.1.0", tmp_path / answers["name"], locked=True)
    work_on(service, answers)

    report = updated(service, "v0.2.0")
    say(f"\n{report}")
    assert report.status == 0
    committed(service, "Template v0.2.0")
    assert "_commit: v0.2.0" in (service / ".copier-answers.yml").read_text()

    # From here on it is a service like any other, in an environment of its own.
    say(f"make check: {last_line(make(service, 'check', f'PYTHON={sys.executable}'))}")
    say(f"make vps-test: {last_line(make(service, 'vps-test', 'TESTS=tests/vps/test_preflight.py'))}")


def work_on(service, answers):
    """Do what its people do: a feature, numbers in the database, a setting, a unit, a title."""
    edits.written(service, "app/features/orders/__init__.py", edits.FEATURE)
    edits.written(service, "tests/features/orders/test_routes.py", edits.FEATURE_TEST)
    edits.replaced(service, "app/api.py", "    ping.bp,\n", "    ping.bp,\n    orders.bp,\n")
    others = "pages, ping" if answers["pages"] else "ping"
    imports = f"from app.features import {others}"
    edits.replaced(service, "app/api.py", imports, imports.replace("import ", "import orders, "))
    head = '"0001"' if answers["notes"] else None
    edits.written(service, "migrations/versions/0100_orders.py", REVISION.format(head=head))
    edits.default_changed(service)
    unit = f"deploy/systemd/{answers['name']}-web@.service"
    edits.replaced(service, unit, "TimeoutStopSec=40", "TimeoutStopSec=45")
    edits.replaced(service, "README.md", f"# {answers['title']}\n", f"# {answers['title']}, in short\n")
    tried(service, "python", "-m", "devtools.reference")  # what `make reference` runs
    committed(service, "Orders")


def make(service, *arguments):
    """Have `make` do what it does for its people, and return what it printed; it has to succeed."""
    done = subprocess.run(["make", *arguments], cwd=service, capture_output=True, text=True, check=False)
    failed = "\n".join(re.findall("^(?:FAILED|ERROR|E  ).*", done.stdout, re.MULTILINE))
    assert done.returncode == 0, f"make {' '.join(arguments)}\n{failed}\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    return done.stdout


def last_line(printed):
    return printed.strip().splitlines()[-1]
