import json

import pytest
import sqlalchemy as sa
from flask import request
from sqlalchemy.exc import OperationalError

from app.core.data import database as concern
from app.core.data.database import db
from app.core.web.access import public

PID = sa.text("SELECT pg_backend_pid()")


@pytest.fixture
def run(app):
    """A function that has a view execute a statement, and returns its answer."""

    @app.post("/v1/run", endpoint="v1.run")
    @public
    def view():
        db.session.execute(sa.text(request.get_data(as_text=True)))
        db.session.commit()
        return "done"

    return lambda statement: app.test_client().post("/v1/run", data=statement)


@pytest.mark.usefixtures("database")
def test_a_statement_that_takes_too_long_is_given_up(environment, create):
    app = create(DB_STATEMENT_TIMEOUT_MS="100")
    app.add_url_rule("/v1/sleep", "v1.sleep", public(lambda: str(db.session.scalar(sa.text("SELECT pg_sleep(600)")))))
    response = app.test_client().get("/v1/sleep")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert response.json["detail"] == "The database is not available. Try again shortly."


def test_a_database_that_is_not_there_is_a_503_and_the_log_says_why(run, capsys):
    response = run("SELECT 1")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert "127.0.0.1" not in response.text
    assert "Connection refused" in capsys.readouterr().out


@pytest.mark.usefixtures("database")
def test_a_full_pool_is_a_503_after_its_timeout(create):
    app = create(DB_POOL_SIZE="1", DB_POOL_MAX_OVERFLOW="0", DB_POOL_TIMEOUT_SECONDS="1")
    app.add_url_rule("/v1/run", "v1.run", public(lambda: str(db.session.scalar(sa.text("SELECT 1")))))
    with app.app_context(), db.engine.connect():
        assert app.test_client().get("/v1/run").status_code == 503
    assert app.test_client().get("/v1/run").text == "1"


@pytest.mark.usefixtures("database")
def test_a_constraint_that_is_broken_is_a_conflict_and_no_value_is_logged(run, capsys):
    run("CREATE TABLE person (email text CONSTRAINT uq_person UNIQUE)")
    response = run("INSERT INTO person VALUES ('ann@example.org'), ('ann@example.org')")
    assert response.status_code == 409
    assert response.json["detail"] == "This change conflicts with what is stored already."
    logged = capsys.readouterr().out
    assert "the database refused a change: uq_person" in logged
    assert "ann@example.org" not in logged
    assert run("SELECT 1").text == "done"


@pytest.mark.usefixtures("database")
def test_values_are_in_no_error(create):
    app = create(DB_STATEMENT_TIMEOUT_MS="100")
    with app.app_context(), pytest.raises(OperationalError) as caught:
        db.session.execute(sa.text("SELECT pg_sleep(:seconds), :text"), {"seconds": 600, "text": "what a user wrote"})
    assert "what a user wrote" not in str(caught.value)


def test_every_setting_of_the_pool_reaches_the_engine(create):
    app = create(
        DB_POOL_SIZE="7",
        DB_POOL_MAX_OVERFLOW="3",
        DB_POOL_TIMEOUT_SECONDS="11",
        DB_POOL_RECYCLE_SECONDS="99",
        DB_CONNECT_TIMEOUT_SECONDS="13",
        DB_STATEMENT_TIMEOUT_MS="17",
    )
    with app.app_context():
        pool = db.engine.pool
        assert (pool.size(), pool._max_overflow, pool._timeout, pool._recycle) == (7, 3, 11, 99)
    arguments = app.config["SQLALCHEMY_ENGINE_OPTIONS"]["connect_args"]
    assert arguments["connect_timeout"] == 13
    assert "-c statement_timeout=17 " in arguments["options"]


@pytest.mark.usefixtures("database")
def test_the_server_is_told_who_connects_and_for_how_long_it_may_work(create):
    app = create(SERVICE_NAME="shop", DB_STATEMENT_TIMEOUT_MS="1234")
    with app.app_context():
        row = db.session.execute(
            sa.text("SELECT current_setting('application_name'), current_setting('statement_timeout')")
        ).one()
    assert tuple(row) == ("shop", "1234ms")


@pytest.mark.usefixtures("database")
def test_the_connection_used_last_is_used_next(create):
    with create().app_context():
        first, second = db.engine.connect(), db.engine.connect()
        pid = first.scalar(PID)
        second.close()
        first.close()
        for _ in range(3):
            with db.engine.connect() as connection:
                assert connection.scalar(PID) == pid


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("setting", "prepared"), [("True", True), ("False", False)])
def test_a_statement_that_is_sent_often_is_prepared_unless_that_is_turned_off(create, setting, prepared):
    with create(DB_PREPARED_STATEMENTS=setting).app_context():
        for _ in range(10):
            db.session.scalar(sa.text("SELECT 1 WHERE :one = 1"), {"one": 1})
        assert (db.session.scalar(sa.text("SELECT count(*) FROM pg_prepared_statements")) > 0) == prepared


def test_making_the_application_connects_to_nothing(create):
    app = create()
    with app.app_context():
        assert db.engine.pool.checkedin() == db.engine.pool.checkedout() == 0


@pytest.mark.usefixtures("database")
def test_more_connections_than_the_server_allows_are_warned_of_once(create, capsys):
    app = create(WEB_CONCURRENCY="100", DB_POOL_SIZE="90")
    concern._warn_of_capacity.cache_clear()
    with app.app_context():
        concern.ping()
        concern.ping()
    lines = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if "is 9200 connections, but the server allows" in line] == lines


def test_constraints_are_named_by_convention():
    table = sa.Table(
        "person",
        sa.MetaData(naming_convention=concern.Base.metadata.naming_convention),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.Text, unique=True, index=True),
        sa.Column("boss", sa.ForeignKey("person.id")),
    )
    assert {constraint.name for constraint in table.constraints} == {"pk_person", "fk_person_boss_person"}
    assert {index.name for index in table.indexes} == {"ix_person_email"}


@pytest.mark.usefixtures("database")
def test_a_timeout_that_the_database_does_not_know_is_warned_of_once(create, capsys):
    concern._warn_of_timeout.cache_clear()
    with create(DB_STATEMENT_TIMEOUT_MS="1234").app_context():
        concern.ping()
        with db.engine.connect() as connection:
            connection.execute(sa.text("SET statement_timeout = 0"))  # as where a pooler has not passed it on
            connection.commit()
        concern.ping()
        concern.ping()
    [line] = [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()]
    assert "statement_timeout is 0 ms, and DB_STATEMENT_TIMEOUT_MS 1234" in line
