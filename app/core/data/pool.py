"""A connection pool that tells how full it is: requests that wait for a connection are the first sign of trouble."""

import time
from collections.abc import Iterator
from typing import cast

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import Engine, QueuePool, exc
from sqlalchemy.pool import PoolProxiedConnection

_CHECKED_OUT = Gauge("db_pool_checked_out", "Connections in use now", multiprocess_mode="livesum")
_ACQUIRE = Histogram("db_pool_acquire_seconds", "Time until a connection was had: waiting, opening and checking it")
_TIMEOUTS = Counter("db_pool_timeouts_total", "Times that no connection became free in time")


class MeasuredPool(QueuePool):
    """SQLAlchemy's pool, which knows what is out, and measures how long it took to get it."""

    _sqla_logger_namespace = "sqlalchemy.pool.MeasuredPool"  # as quiet as the library's own

    def connect(self) -> PoolProxiedConnection:
        """Return a connection; raises `sqlalchemy.exc.TimeoutError` when none becomes free."""
        started = time.perf_counter()
        try:
            connection = super().connect()
        except exc.TimeoutError:
            _TIMEOUTS.inc()
            raise
        _ACQUIRE.observe(time.perf_counter() - started)
        return connection


def sample(engine: Engine) -> None:
    """Note how many connections are out now; the metrics have this called some times a second."""
    _CHECKED_OUT.set(cast("MeasuredPool", engine.pool).checkedout())  # another pool after each fork


class Capacity:
    """How many connections the workers of this instance may keep, and may open at most."""

    def __init__(self, size: int, limit: int) -> None:
        self.size, self.limit = size, limit

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        yield GaugeMetricFamily("db_pool_size", "Connections that all workers together may keep", self.size)
        yield GaugeMetricFamily("db_pool_limit", "Connections that all workers together may have open", self.limit)
