"""Clients that count: `python -m tests.vps.drills.visitors PLAN` visits until SIGTERM, and writes what it saw.

No request is ever sent twice. A connection that the server has closed in between is opened anew, as any client does,
and counted; a request that was sent on one and got no answer is a failure.
"""

import asyncio
import itertools
import json
import random
import re
import signal
import ssl
import sys
import time
from pathlib import Path

from tests.vps.drills.connection import Connection

ANSWER_SECONDS = 30
WRITE_EVERY = 25  # the service allows a client 30 a minute
WAYS = [("note", 60), ("ping", 25), ("page", 15)]  # and how often, of a hundred
RELEASE = re.compile(rb"<dt>Release</dt><dd><code>([^<]*)</code>")


class Visitor:
    """One client with an address of its own."""

    def __init__(self, plan, number, connection, seen):
        self._plan, self._number, self._connection, self._seen = plan, number, connection, seen
        self._notes, self._turns = {}, itertools.count()

    async def visit(self, ended):
        """Ask at an even pace until `ended`; what is under way then is waited for."""
        pause = self._plan["visitors"] / self._plan["per_second"]
        due = time.monotonic() + pause * self._number / self._plan["visitors"]
        while True:
            await asyncio.sleep(max(0, due - time.monotonic()))
            if ended.is_set():
                break
            due = max(due + pause, time.monotonic())  # what could not be asked in time is not caught up with
            await self._ask(*self._choose())
        self._connection.close()
        self._seen["reopened"] += self._connection.reopened

    def _choose(self):
        """Return method, path, what to write, and what tells whether the answer is right."""
        turn = next(self._turns)
        if turn % WRITE_EVERY == 0 or not self._notes:
            title = f"{self._plan['run']}-{self._number}-{turn}"
            return "POST", "/v1/notes", {"title": title, "body": f"of {title}"}, self._is_what_was_written
        [way] = random.choices([name for name, _ in WAYS], [share for _, share in WAYS])
        if way == "note":
            return "GET", f"/v1/notes/{random.choice(list(self._notes))}", {}, self._is_note
        if way == "ping":
            return "GET", "/v1/ping", {}, lambda _, status, body: (status, body) == (200, b'{"message":"pong"}')
        return "GET", "/", {}, self._is_page

    def _is_what_was_written(self, sent, status, body):
        if status != 201:
            return False
        self._seen["acknowledged"].append(sent["title"])
        note = json.loads(body)
        if not sent.items() <= note.items():
            return False
        self._notes[note["id"]] = sent["title"]
        return True

    def _is_note(self, _, status, body):
        note = json.loads(body) if status == 200 else {}
        return note.get("title") == self._notes.get(note.get("id"), "no such note")

    def _is_page(self, _, status, body):
        if found := RELEASE.search(body):
            self._seen["releases"].setdefault(found[1].decode(), time.time())
        return status == 200 and found is not None and body.rstrip().endswith(b"</html>")

    async def _ask(self, method, path, written, is_right):
        began = time.time()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                content = json.dumps(written).encode() if written else b""
                status, kind, body = await self._connection.exchange(method, path, content)
            problem = "" if is_right(written, status, body) else f"status {status}, {kind}"
        except (OSError, EOFError, TimeoutError, ValueError, LookupError) as error:
            problem = f"{type(error).__name__} at request {self._connection.sent} of a connection"
            self._connection.close()
        if problem:
            self._seen["failures"].append([began, time.time(), f"{method} {path}", problem])
        else:
            self._seen["answers"].append([began, time.time()])


async def visit(plan):
    """Have all visitors come until this process is told to end; return what they saw."""
    seen = {"answers": [], "failures": [], "reopened": 0, "acknowledged": [], "releases": {}}
    context = ssl.create_default_context(cadata=plan["certificate"])
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    tasks = []
    for number, source in enumerate(plan["sources"]):
        connection = Connection(plan["address"], plan["port"], plan["host"], context, source)
        tasks.append(asyncio.create_task(Visitor(plan, number, connection, seen).visit(ended)))
    counting = asyncio.create_task(count(plan, seen))
    await asyncio.gather(*tasks)
    counting.cancel()
    return seen


async def count(plan, seen):
    """Have a file say how many requests are over."""
    written = Path(plan["count"])
    while True:
        written.with_suffix(".new").write_text(str(len(seen["answers"]) + len(seen["failures"])))
        written.with_suffix(".new").replace(written)
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    plan = json.loads(Path(sys.argv[1]).read_text())
    Path(plan["seen"]).write_text(json.dumps(asyncio.run(visit(plan))))
