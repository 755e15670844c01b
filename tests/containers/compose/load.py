"""Visitors who ask the edge without a pause while something happens to the stack, and count what they get."""

import threading
import time
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise

import httpx

VISITORS = 4
PAUSE_SECONDS = 0.02


class Load:
    """What the visitors got, complete when the block has ended: each answer's status, or what went wrong instead."""

    def __init__(self, url):
        self._url, self._ended = url, threading.Event()
        self.got = []  # moment, what
        self._threads = [threading.Thread(target=self._visit) for _ in range(VISITORS)]

    def _visit(self):
        with httpx.Client(base_url=self._url, timeout=40, trust_env=False) as client:
            while not self._ended.is_set():
                try:
                    got = client.get("/v1/ping").status_code
                except httpx.TransportError as error:
                    got = type(error).__name__
                self.got.append((time.monotonic(), got))
                time.sleep(PAUSE_SECONDS)

    def begin(self):
        for thread in self._threads:
            thread.start()

    def end(self):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def counts(self):
        return Counter(got for _, got in self.got)

    @property
    def failed(self):
        return {got: count for got, count in self.counts.items() if got != 200}

    def longest_silence(self):
        """Return for how many seconds at most nobody got a 200."""
        moments = sorted(moment for moment, got in self.got if got == 200)
        return max((later - earlier for earlier, later in pairwise(moments)), default=0)

    def __str__(self):
        failed = ", ".join(f"{count} x {got}" for got, count in self.failed.items()) or "none"
        return f"{len(self.got)} requests, failed: {failed}; at most {self.longest_silence():.1f} s without a 200"


@contextmanager
def visited(url):
    """Have visitors come until the block ends."""
    load = Load(url)
    load.begin()
    try:
        yield load
    finally:
        load.end()
