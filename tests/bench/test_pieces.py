from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.apps.pieces import PIECES
from tests.conftest import PROJECT

NAMES = [name for names in PIECES.values() for name in names]


@pytest.mark.parametrize("name", NAMES)
def test_a_piece_is_a_concern_of_the_factory_or_was_taken_out_of_the_tree(name):
    concern = name.split(".")[-1]
    factory = (PROJECT / "app/__init__.py").read_text()
    assert (f"    {concern}.init_app(app)" in factory) == bool(find_spec(f"app.core.{name}"))


def test_the_pieces_are_in_the_order_of_the_factory():
    factory = (PROJECT / "app/__init__.py").read_text()
    there = [name for name in NAMES if find_spec(f"app.core.{name}")]
    places = [factory.find(f"    {name.split('.')[-1]}.init_app(app)") for name in there if "observability" not in name]
    assert places == sorted(places)


def test_settings_of_others_are_files_of_their_own():
    assert {path.stem for path in Path(PROJECT / "bench/peers").glob("*.py")} == {
        "four_sync",
        "one_gevent",
        "twice_plus_one",
    }
