"""The template's repository, made once, and services of it."""

import pytest

from tests.template.repository import published


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The template with three versions."""
    return published(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def types_known(tmp_path_factory):
    """The folder in which mypy notes what it knows of the libraries, once for all services."""
    return tmp_path_factory.mktemp("mypy")
