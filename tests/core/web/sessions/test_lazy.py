import pytest
from flask import session

from app.core.web.access import public
from app.core.web.sessions.lazy import LazySession


class Counted(LazySession):
    loads = 0

    def load(self):
        self.loads += 1
        return {"kept": 1}


def test_a_session_is_read_when_it_is_first_touched_and_once():
    counted = Counted()
    assert (dict(counted), counted.accessed, counted.loads) == ({}, False, 0)
    counted.accessed = True
    counted.accessed = True
    assert (dict(counted), counted.accessed, counted.loads) == ({"kept": 1}, True, 1)


def test_reading_it_is_no_change_and_changing_it_is():
    counted = Counted()
    counted.accessed = True
    assert not counted.modified
    counted["more"] = 2
    assert counted.modified


def test_a_session_that_could_not_be_read_does_not_pass_for_an_empty_one():
    class Broken(LazySession):
        def load(self):
            raise ConnectionError

    broken = Broken()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            broken.accessed = True
    assert not broken.accessed


@pytest.mark.parametrize("store", ["cookie", "redis"])
def test_a_test_may_look_into_the_session_of_its_client_and_change_it(create, redis, store):
    app = create(SESSION_STORE=store)
    app.add_url_rule("/look", "look", public(lambda: dict(session)))
    client = app.test_client()
    for expected in ({}, {"number": 1}, {"number": 2}):
        with client.session_transaction() as kept:
            assert kept == expected
            kept["number"] = kept.get("number", 0) + 1
    assert client.get("/look").json == {"number": 3}
