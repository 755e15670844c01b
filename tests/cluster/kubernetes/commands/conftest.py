import pytest

from tests.cluster.kubernetes.commands.command import Command


@pytest.fixture
def release(tmp_path):
    return Command(tmp_path)
