"""The code about the cache in docs/cache-and-limits.md, run as it is written."""

import pytest
from sqlalchemy import text

from app.core.data.database import db
from tests.guides import written


@pytest.mark.usefixtures("redis", "database")
def test_a_basket_that_is_counted_once_until_something_is_put_into_it(create):
    code = written("cache-and-limits.md", "Cache")
    insert = text("INSERT INTO basket_items VALUES (7, 'put in behind its back')")
    with create().app_context():
        db.session.execute(text("CREATE TABLE basket_items (user_id bigint, item text)"))
        db.session.commit()
        code["put"](7, "apple")
        assert (code["basket"](7).items, code["basket"](8).items) == (1, 0)
        db.session.execute(insert)
        assert code["basket"](7).items == 1
        code["put"](7, "pear")
        assert code["basket"](7).items == 3
