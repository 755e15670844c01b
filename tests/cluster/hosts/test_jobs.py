"""Workers on several hosts, one queue."""

import time
from contextlib import ExitStack

import pytest

from tests.conftest import PRODUCTION
from tests.stack.conftest import until
from tests.stack.workers import working

pytestmark = pytest.mark.cluster


def test_what_the_clock_asks_for_is_done_once_though_each_host_has_a_worker(stores, machines, tmp_path):
    environ = {**PRODUCTION, "DATABASE_URL": stores.url(), "REDIS_URL": stores.redis_url(1)}
    began = time.time()
    with ExitStack() as stack:
        workers = []
        for name in ("first", "second"):
            working_there = working(tmp_path / name, dict(environ), queue="clock")
            with machines[name].inside():
                workers.append(working_there.__enter__())
            stack.push(working_there)

        def ticks():
            return [record for worker in workers for record in worker.records() if record["message"] == "tick"]

        until(lambda: len(ticks()) >= 4 and all(worker.is_waiting() for worker in workers))
        done = ticks()
        assert len({record["job.id"] for record in done}) == len(done) <= time.time() - began + 1
