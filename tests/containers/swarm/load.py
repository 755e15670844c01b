"""Visitors of the edge for as long as a block lasts, who count what they got."""

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager

from tests.containers.engine import PATIENCE_SECONDS, until

# One after the other: a page, a static file's neighbour, an operation, and what must not be sent twice.
READS = [("GET", "/"), ("GET", "/v1/ping"), ("GET", "/v1/swarm/release")]
WRITES = [("POST", "/v1/swarm/echo")]
BODY = b"x" * 2000


class Load:
    """What the visitors saw; complete when the block has ended."""

    def __init__(self, stack, ways):
        self.stack, self.ways = stack, ways
        self.answers, self.failures, self.releases = Counter(), [], Counter()
        self.longest = 0.0
        self._ended, self._lock = threading.Event(), threading.Lock()

    def __str__(self):
        return f"{sum(self.answers.values())} requests, {len(self.failures)} failed, the longest {self.longest:.2f} s"

    def visit(self, number, pause):
        """Ask at an even pace over one connection, as long as the edge keeps it; nothing is sent twice."""
        connection = self.stack.connection()
        for turn in range(number, 10**9):
            method, path = self.ways[turn % len(self.ways)]
            began = time.monotonic()
            try:
                status, body = ask(connection, method, path, self.stack.headers)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status, body = repr(error), b""
            self._note(method, path, status, body, time.monotonic() - began)
            if self._ended.wait(pause):
                break
        connection.close()

    def _note(self, method, path, status, body, seconds):
        with self._lock:
            self.longest = max(self.longest, seconds)
            self.answers[status] += 1
            if status != 200:
                self.failures.append((time.strftime("%T"), method, path, status, round(seconds, 3)))
            if path.endswith("/release") and status == 200:
                self.releases[json.loads(body)["release"]] += 1

    def reach(self, requests):
        """Wait until so many have been sent."""
        until(lambda: sum(self.answers.values()) >= requests)


def ask(connection, method, path, headers):
    connection.request(method, path, body=BODY if method == "POST" else None, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


@contextmanager
def visitors(stack, ways=(*READS, *WRITES), *, count=4, pause=0.2):
    """Have the service visited until the block ends; what is under way then is waited for."""
    load = Load(stack, ways)
    threads = [threading.Thread(target=load.visit, args=(number, pause)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        load.reach(20)
        yield load
        load.reach(sum(load.answers.values()) + 50)
    finally:
        load._ended.set()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
