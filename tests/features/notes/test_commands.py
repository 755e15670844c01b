import pytest

from app.core.data.database import db
from app.features.notes.models import Note

pytestmark = pytest.mark.usefixtures("database")


def test_seed_adds_as_many_notes_as_asked_for(app):
    result = app.test_cli_runner().invoke(args=["notes", "seed", "--count", "3"])
    assert result.output == "3 notes added\n"
    with app.app_context():
        assert db.session.query(Note).count() == 3


def test_seed_refuses_a_count_that_makes_no_sense(app):
    result = app.test_cli_runner().invoke(args=["notes", "seed", "--count", "0"])
    assert result.exit_code == 2
    assert "0 is not in the range" in result.output
