"""Visitors of a Service, each request on a connection of its own, until they are told to go; bounded all the same."""

import http.client
import re
import threading
import time
from contextlib import contextmanager

from tests.cluster.kubernetes.rendering import KUBERNETES

[HOST] = re.findall(r"PUBLIC_URL=https://(\S+)", (KUBERNETES / "overlays/production/kustomization.yml").read_text())
# What an Ingress says of a request to the public address.
PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Connection": "close"}
LONGEST_SECONDS = 600
PAUSE_SECONDS = 0.01


def ask(address, path="/v1/ping", timeout=60):
    """Return the status of one answer, read to its end."""
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request("GET", path, headers=PROXIED)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


class Visitors:
    """Some threads that ask; `answered` and `failed` say what became of it."""

    def __init__(self, address, number):
        self.address = address
        self.answered, self.failed = 0, []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(number)]
        self._began = time.monotonic()

    def _visit(self):
        while not self._over.is_set() and time.monotonic() - self._began < LONGEST_SECONDS:
            try:
                status = ask(self.address)
            except (OSError, http.client.HTTPException) as error:
                status = repr(error)
            if status == 200:
                self.answered += 1
            else:
                self.failed.append((round(time.monotonic() - self._began, 2), status))
            time.sleep(PAUSE_SECONDS)

    def __str__(self):
        return f"{len(self.failed)} of {self.answered + len(self.failed)} requests failed {self.failed[:3] or ''}"

    @contextmanager
    def there(self):
        """Have them ask while the block lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join()


def visitors(address, number=3):
    return Visitors(address, number).there()
