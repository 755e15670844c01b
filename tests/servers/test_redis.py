"""The Redis that Supervisor starts, where the system has none to start by itself."""

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoConnection

from devtools.keeping import account
from devtools.valkey.binaries import find
from tests.servers.installed import BIN
from tests.stack.conftest import until

pytestmark = pytest.mark.servers


def test_it_listens_where_its_file_says_evicts_nothing_and_keeps_what_it_was_given(gunicorn, tmp_path):
    machine = gunicorn
    machine.leave_out("slipway-web")
    machine.leave_out("slipway-worker")
    machine.install("supervisor/redis.conf", "etc/supervisor/conf.d/slipway_redis.conf")
    (machine.root / "etc/redis").mkdir()
    machine.install("redis/slipway.conf", "etc/redis/redis-slipway.conf")
    for folder in ("var/lib/slipway/redis", "var/lib/redis/slipway"):
        (machine.root / folder).mkdir(parents=True)
    (tmp_path / "redis-server").symlink_to(find(account.of_server(), tmp_path))
    machine.start(PATH=f"{tmp_path}:{BIN}:/usr/bin:/bin")
    with Redis(unix_socket_path=str(machine.state / "redis/redis.sock")) as client:
        until(lambda: answers(client))
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.set("job", "kept")
        machine.control("restart", "slipway-redis")
        until(lambda: answers(client))
        assert client.get("job") == b"kept"


def answers(client):
    try:
        return client.ping()
    except NoConnection:
        return False
