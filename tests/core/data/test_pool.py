import threading

import pytest
from flask import current_app
from prometheus_client import REGISTRY
from sqlalchemy import exc, text

from app.core.data.database import db


def sample(name):
    for take in current_app.extensions["metrics_samples"]:
        take()
    return REGISTRY.get_sample_value(name)


@pytest.fixture
def engine(database, create):
    app = create(DB_POOL_SIZE="1", DB_POOL_MAX_OVERFLOW="1", DB_POOL_TIMEOUT_SECONDS="1", WEB_CONCURRENCY="3")
    with app.app_context():
        yield db.engine


def test_connections_in_use_are_counted(engine):
    with engine.connect(), engine.connect():
        assert sample("db_pool_checked_out") == 2
    assert sample("db_pool_checked_out") == 0


def test_a_connection_that_breaks_is_not_counted_for_ever(engine):
    with pytest.raises(exc.OperationalError), engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert sample("db_pool_checked_out") == 0
    with engine.connect() as connection:
        connection.invalidate()
    with engine.connect() as connection:
        connection.detach()
    assert sample("db_pool_checked_out") == 0


def test_a_server_that_is_not_there_leaves_nothing_counted(create):
    with create().app_context():
        with pytest.raises(exc.OperationalError):
            db.engine.connect()
        assert sample("db_pool_checked_out") == 0


def test_the_wait_for_a_connection_is_measured(engine):
    acquired, timeouts = sample("db_pool_acquire_seconds_count"), sample("db_pool_timeouts_total")
    with engine.connect(), engine.connect(), pytest.raises(exc.TimeoutError):
        engine.connect()
    assert sample("db_pool_acquire_seconds_count") == acquired + 2
    assert sample("db_pool_timeouts_total") == timeouts + 1


def test_who_waited_and_got_one_is_counted_once(engine):
    first, second = engine.connect(), engine.connect()
    threading.Timer(0.1, first.close).start()
    with engine.connect():
        assert sample("db_pool_checked_out") == 2
    second.close()
    assert sample("db_pool_checked_out") == 0


def test_capacity_is_that_of_all_workers(engine):
    values = {
        family.name: family.samples[0].value
        for collector in current_app.extensions["metrics_collectors"]
        for family in collector.collect()
        if family.name.startswith("db_pool")
    }
    assert values == {"db_pool_size": 3, "db_pool_limit": 6}
