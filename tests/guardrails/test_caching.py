import re

import pytest

from app import create_app
from app.config import load_config
from tests.conftest import PROJECT, TESTING

VIEWS = create_app(load_config(TESTING)).view_functions


@pytest.mark.parametrize("endpoint", VIEWS)
def test_no_view_is_cached_as_a_whole(endpoint):
    layer = VIEWS[endpoint]
    while layer:
        assert not hasattr(layer, "make_cache_key"), (
            f"{endpoint}: one user would get another's page; cache data instead"
        )
        layer = getattr(layer, "__wrapped__", None)


def test_only_the_cache_knows_the_library_that_could():
    importing = {path for path in (PROJECT / "app").rglob("*.py") if re.search(r"\bflask_caching\b", path.read_text())}
    assert importing <= {PROJECT / "app/core/data/cache.py"}


def test_this_test_would_notice():
    from flask_caching import Cache  # noqa: PLC0415  only to see what its decorators leave behind

    cache = Cache()
    for decorate in (cache.cached(), cache.memoize()):
        assert hasattr(decorate(lambda: None), "make_cache_key")
