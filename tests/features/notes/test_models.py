import pytest
from sqlalchemy.exc import IntegrityError

from app.core.data.database import db
from app.features.notes.models import Note


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("title", "body", "constraint"),
    [
        ("", "", "ck_notes_title_length"),
        ("x" * 201, "", "ck_notes_title_length"),
        ("x", "x" * 10_001, "ck_notes_body_length"),
    ],
)
def test_the_database_keeps_the_limits_whoever_writes(app, title, body, constraint):
    with app.app_context():
        db.session.add(Note(title=title, body=body))
        with pytest.raises(IntegrityError, match=constraint):
            db.session.commit()
