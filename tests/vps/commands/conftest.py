"""The service in the state that commands are tried in."""

import pytest


@pytest.fixture(scope="module")
def steady(prepared):
    """The service right after its first release, for tests that leave it serving, and as they found it."""
    prepared.machine.go_back()
    prepared.wait_until_ready()
    return prepared
