"""What the people of a service do to it: a feature, a table, a dependency, a setting, a unit."""

from pathlib import Path

from tests.template.repository import repinned
from tests.template.services import committed

FEATURE = '''"""Orders."""

from flask import Blueprint
from pydantic import BaseModel

from app.core.api.operations import operation
from app.core.web.access import public

bp = Blueprint("orders", __name__)


class Order(BaseModel):
    """What somebody wants."""

    text: str


@bp.get("/orders")
@public
@operation()
def first_order() -> Order:
    """Show an order."""
    return Order(text="tea")
'''
FEATURE_TEST = """def test_an_order_is_shown(client):
    assert client.get("/v1/orders").json == {"text": "tea"}
"""
REVISION = '''"""Orders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.text("COMMENT ON COLUMN notes.title IS 'In a word'"))


def downgrade() -> None:
    op.execute(sa.text("COMMENT ON COLUMN notes.title IS NULL"))
'''

CHANGED_DEFAULT = "DB_MIGRATION_LOCK_TIMEOUT_SECONDS: int = setting(integer(1, 3_600), default=90)"


def replaced(service: Path, name: str, former: str, later: str) -> None:
    """Replace what stands in a file once."""
    text = (service / name).read_text()
    assert text.count(former) == 1, f"{name}: {former!r}"
    (service / name).write_text(text.replace(former, later))


def written(service: Path, name: str, text: str) -> None:
    """Add a file."""
    (service / name).parent.mkdir(parents=True, exist_ok=True)
    (service / name).write_text(text)


def default_changed(service: Path) -> None:
    """Have another default for a setting, and say so where settings are explained."""
    former = "DB_MIGRATION_LOCK_TIMEOUT_SECONDS: int = setting(integer(1, 3_600), default=60)"
    replaced(service, "app/config/environments.py", former, CHANGED_DEFAULT)
    example = "#DB_MIGRATION_LOCK_TIMEOUT_SECONDS"
    replaced(service, ".env.example", f"{example}=60", f"{example}=90")


def worked_on(service: Path, name: str = "order-desk") -> None:
    """Do all of it, and commit it."""
    written(service, "app/features/orders/__init__.py", FEATURE)
    written(service, "tests/features/orders/test_routes.py", FEATURE_TEST)
    replaced(service, "app/api.py", "    ping.bp,\n", "    ping.bp,\n    orders.bp,\n")
    replaced(
        service, "app/api.py", "from app.features import pages, ping", "from app.features import orders, pages, ping"
    )
    written(service, "migrations/versions/0002_orders.py", REVISION)
    default_changed(service)
    replaced(service, f"deploy/systemd/{name}-web@.service", "TimeoutStopSec=40", "TimeoutStopSec=45")
    replaced(service, "pyproject.toml", '    "flask>=3.1.3",\n', '    "flask>=3.1.3",\n    "slugify>=0.0.1",\n')
    replaced(service, "README.md", "# Order desk\n", "# Order desk, in short\n")
    repinned(service)
    committed(service, "Orders")
