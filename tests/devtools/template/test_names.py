import re

import pytest

from devtools import DevelopmentError
from devtools.template.names import LONGEST, TAKEN, Name, complaint_about, named
from tests.conftest import PROJECT


def test_a_name_has_a_form_for_each_place():
    name = named("order-desk")
    assert (name.hyphened, name.underscored, name.upper) == ("order-desk", "order_desk", "ORDER_DESK")
    assert name.title == "Order desk"
    assert named("order-desk", "The Desk 2") == Name("order-desk", "The Desk 2")


@pytest.mark.parametrize("name", ["abc", "order-desk", "a1-b2-c3", "x" * LONGEST])
def test_names_that_can_be(name):
    assert complaint_about(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("", "a", "ab", "x" * (LONGEST + 1), "Order", "order_desk", "order--desk", "-order", "order-", "1order"),
        *("order desk", "order.desk", "örder", "order\n", "systemd-order"),
        *("app", "web", "worker", "test", "tests", "notes", "postgres", "redis", "nginx", "root", "www-data"),
    ],
)
def test_names_that_cannot_be(name):
    with pytest.raises(DevelopmentError, match="cannot be a service's name"):
        named(name)


@pytest.mark.parametrize("title", ["order", "Order  desk", 'Order "desk"', "Order: desk", "X" * 41, "Order\n", "100%"])
def test_titles_that_cannot_be(title):
    with pytest.raises(DevelopmentError, match="cannot be a title"):
        named("order-desk", title)


def test_every_user_of_a_service_fits_into_linux():
    users = set(re.findall(r"^User=(\S+)", units(), re.MULTILINE))
    assert len(users) > 1
    longest = max(len(user) - len("slipway") for user in users)
    assert LONGEST + longest <= 32


def test_what_is_in_this_repository_already_is_no_name():
    folders = {path.name for path in PROJECT.iterdir() if path.is_dir() and path.name.isalpha()}
    assert folders - {"bench"} <= TAKEN
    services = set(re.findall(r"^  ([a-z]+):$", (PROJECT / "docker-compose.yml").read_text(), re.MULTILINE))
    assert services & {"web", "worker", "edge", "postgres", "redis"} <= TAKEN


def units():
    return "".join(path.read_text() for path in (PROJECT / "deploy/systemd").glob("*.service"))
