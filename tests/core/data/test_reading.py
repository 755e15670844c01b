import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from app.core.data import connections
from app.core.data.database import db
from app.core.data.reading import fetch
from tests.exchanges import recorded

PEOPLE = sa.Table(
    "people", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, nullable=False)
)
NAMES = sa.select(PEOPLE.c.name).order_by(PEOPLE.c.name)
ANN = {"id": 1, "name": "Ann"}


@pytest.fixture
def people(bare_database, create):
    """A table with one row, and an application with room for a single connection."""
    app = create(DB_POOL_SIZE="1", DB_POOL_MAX_OVERFLOW="0", DB_POOL_TIMEOUT_SECONDS="1")
    with app.app_context():
        PEOPLE.create(db.engine)
        with db.engine.begin() as connection:
            connection.execute(PEOPLE.insert(), ANN)
        yield


@pytest.mark.usefixtures("people")
def test_rows_come_back_by_the_names_of_their_columns():
    rows = fetch(sa.select(PEOPLE).where(PEOPLE.c.id == sa.bindparam("person_id")), person_id=1)
    assert [(row.id, row.name) for row in rows] == [(1, "Ann")]
    assert fetch(sa.select(PEOPLE).where(PEOPLE.c.id == 2)) == []


@pytest.mark.usefixtures("people")
def test_a_read_is_one_exchange_with_the_database(monkeypatch):
    monkeypatch.setattr(connections, "UNHEARD_SECONDS", 3_600)
    with recorded(db.engine) as exchanges:
        for _ in range(3):
            fetch(NAMES)
    assert exchanges.statements == ["SELECT"] * 3
    assert exchanges.answers == 3


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    "statement",
    [
        PEOPLE.insert().values(id=2, name="Ben"),
        PEOPLE.update().values(name="Ben").returning(PEOPLE.c.name),
        PEOPLE.delete(),
        sa.select(PEOPLE.insert().values(id=2, name="Ben").returning(PEOPLE.c.id).cte("made").c.id),
        sa.select(PEOPLE).add_cte(PEOPLE.delete().cte("gone")),
        sa.select(PEOPLE).with_for_update(),
        sa.text("DELETE FROM people"),
        "DELETE FROM people",
    ],
)
def test_what_locks_or_changes_something_is_refused(statement):
    for _ in range(2):
        with pytest.raises(TypeError, match="belongs in a transaction"):
            fetch(statement)
    assert fetch(NAMES) == [("Ann",)]


@pytest.mark.usefixtures("people")
def test_within_a_transaction_it_sees_what_that_has_changed_and_needs_no_connection_more():
    db.session.execute(PEOPLE.update().values(name="Zoe"))
    assert fetch(NAMES) == [("Zoe",)]
    db.session.rollback()
    assert fetch(NAMES) == [("Ann",)]


@pytest.mark.usefixtures("people")
def test_a_session_that_was_used_after_it_can_still_take_its_changes_back():
    fetch(NAMES)
    db.session.execute(PEOPLE.update().values(name="Zoe"))
    db.session.rollback()
    assert fetch(NAMES) == [("Ann",)]


@pytest.mark.usefixtures("people")
def test_a_read_that_fails_gives_its_connection_back():
    with pytest.raises(ProgrammingError):
        fetch(sa.select(sa.column("nothing")))
    assert db.engine.pool.checkedout() == 0
    assert fetch(NAMES) == [("Ann",)]
