"""A process that holds one application alone: no other's imports, objects or settings are in the way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bench import BenchmarkError
from bench.measuring.calls import Answer
from bench.running.place import PROJECT
from devtools import lifeline

PROBE_CALLS = 100


class Subject:
    """An application in a process of its own, which is asked for its answers and for what they cost."""

    def __init__(self, name: str, process: "subprocess.Popen[str]", results: int) -> None:
        self.name = name
        self._process = process
        self._results = os.fdopen(results)
        self._counts: dict[tuple[str, ...], int] = {}

    def answer(self, path: str, status: str = "200 OK") -> Answer:
        """Return the answer to a request; raises `BenchmarkError` when it has another status."""
        answer = Answer(**self._ask(path=path))
        if answer.status != status:
            raise BenchmarkError(f"{self.name} answers {path} with {answer.status}: {answer.body[:200]}")
        return answer

    def visit(self, path: str) -> None:
        """Ask without looking at the answer."""
        self._ask(path=path)

    def microseconds(self, paths: Sequence[str], seconds: float) -> float:
        """Return the processor time of one call, from as many as take about `seconds`."""
        key = tuple(paths)
        if key not in self._counts:
            cost: float = self._ask(paths=paths, count=PROBE_CALLS)
            self._counts[key] = max(PROBE_CALLS, round(seconds * PROBE_CALLS / cost))
        taken: float = self._ask(paths=paths, count=self._counts[key])
        return taken / self._counts[key] * 1e6

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            with suppress(BrokenPipeError):  # it has ended by itself
                self._process.stdin.close()
        self._process.wait()
        self._results.close()

    def _ask(self, **request: Any) -> Any:
        if self._process.stdin is None:
            raise BenchmarkError(f"{self.name} cannot be asked")
        with suppress(BrokenPipeError):  # as above; then there is no line either
            print(json.dumps(request), file=self._process.stdin, flush=True)
        line = self._results.readline()
        if not line:
            raise BenchmarkError(f"{self.name} has ended; the reason is above")
        return json.loads(line)


@contextmanager
def subject(name: str, application: str, environ: Mapping[str, str], log: int) -> Iterator[Subject]:
    """Run `application` (MODULE:NAME) with `environ` and nothing else; its log goes to the descriptor `log`."""
    results, remote = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.measuring.child", application, str(remote)],
            cwd=PROJECT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=log,
            pass_fds=[remote],
            preexec_fn=lifeline.tie(signal.SIGTERM),  # noqa: PLW1509  there is one thread
            text=True,
        )
    finally:
        os.close(remote)
    held = Subject(name, process, results)
    try:
        yield held
    finally:
        held.close()
