"""Visitors of the service, some of whom meet errors, until the block ends."""

import itertools
import threading
import time
from contextlib import contextmanager

import httpx

PATHS = ["/v1/monitoring/use_everything", "/", "/v1/ping", "/v1/monitoring/fail", "/nowhere"]


@contextmanager
def visited(service):
    """Send requests to `service`, up to forty a second, each from another address because addresses are limited."""
    ended = threading.Event()
    thread = threading.Thread(target=_visit, args=[service, ended])
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _visit(service, ended):
    with service.new_client() as client:
        for number, path in enumerate(itertools.cycle(PATHS)):
            if ended.wait(0.025):
                return
            address = f"198.51.{number // 250 % 250}.{number % 250}"
            try:
                client.get(path, headers={"X-Forwarded-For": address})
            except httpx.TransportError:  # it has been stopped
                time.sleep(0.1)
