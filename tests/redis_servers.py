"""Redis servers of the tests: databases of one that all share, and one that a test may stop, freeze and kill."""

import itertools
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from redis import Redis
from sqlalchemy.engine import make_url

from devtools import valkey
from devtools.keeping import state

GENEROUS_SECONDS = 60
CLAIM_SECONDS = 3600


class SharedRedis:
    """A server whose databases are lent to one test each, whoever else uses it: other processes, other runs."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def url(self, database: int) -> str:
        return self._url.update_query_dict({"db": str(database)}).render_as_string(hide_password=False)

    @property
    def pid(self) -> int:
        with Redis.from_url(self.url(0)) as client:
            return client.info("server")["process_id"]

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a database that was empty, and is empty again after the block."""
        with Redis.from_url(self.url(0)) as desk:
            number = self._borrow(desk)
            try:
                yield self.url(number)
            finally:
                with Redis.from_url(self.url(number)) as client:
                    client.flushdb()
                desk.delete(_claim(number))

    def _borrow(self, desk: Redis) -> int:
        last = int(desk.config_get("databases")["databases"]) - 1
        deadline = time.monotonic() + GENEROUS_SECONDS
        for number in itertools.cycle(range(1, last + 1)):
            if desk.set(_claim(number), os.getpid(), nx=True, ex=CLAIM_SECONDS):
                if f"db{number}" not in desk.info("keyspace"):  # nothing of anybody's is ever flushed
                    return number
                desk.delete(_claim(number))
            if number == last:
                assert time.monotonic() < deadline, "every database of this Redis is taken or holds data"
                time.sleep(0.05)
        raise AssertionError("this Redis has one database only")


def _claim(number: int) -> str:
    return f"test-database-{number}"


class OwnRedis:
    """A server of one test's own. It writes to disk: what it was told is there again after `start`."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="redis-", dir="/tmp"))  # short: a socket's path has 100 bytes
        self._folder.chmod(0o755)  # for the account that runs servers in place of root
        self._running = ExitStack()
        self.start()

    def url(self, database: int = 0) -> str:
        """The address, which stays the same however often the server is started."""
        return valkey.Server(self._folder / state.ADDRESS).url(database)

    @property
    def pid(self) -> int:
        return state.noted_server(self._folder)[0]

    def start(self) -> None:
        """Start it, also again; return when it answers."""
        self._running.enter_context(valkey.running(self._folder))

    def stop(self) -> None:
        """End it in order; return when it is gone."""
        self._running.close()

    def kill(self) -> None:
        """End it as a crash would; return when it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self._running.close()

    def freeze(self) -> None:
        """Leave it running without an answer to anything."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)
