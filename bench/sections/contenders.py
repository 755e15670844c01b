"""Applications that are measured in processes of their own, side by side."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from bench import BenchmarkError
from bench.measuring.calls import Answer
from bench.measuring.rounds import take_turns
from bench.measuring.subjects import Subject, subject
from bench.running.place import Place
from bench.sections.options import Options

PING = "/v1/ping"
PONG = {"message": "pong"}
BARE = "bare Flask"
WHOLE = "ours, whole"
# Without these the answer was not ours.
OUR_HEADERS = frozenset({"X-Request-ID", "Content-Security-Policy", "Strict-Transport-Security", "Referrer-Policy"})


@dataclass(frozen=True)
class Contender:
    """An application, the environment that it gets, what it is asked, and headers that its answer must have."""

    application: str
    environ: Mapping[str, str]
    paths: Sequence[str] = (PING,)
    headers: frozenset[str] = frozenset()
    awaited: bool = False  # whether a reader waits for each line of its log, and is woken by it
    seen: Sequence[str] = field(default=())  # paths that it is asked once, before it is measured

    def check(self, held: Subject) -> None:
        """Ask all paths once; raises `BenchmarkError` on an answer that is not the right one."""
        for path in self.paths:
            answer = held.answer(path)
            if path == PING:
                check_pong(held.name, answer)
            if missing := self.headers - set(answer.headers):
                raise BenchmarkError(f"{held.name} does not send {', '.join(sorted(missing))}")


def check_pong(name: str, answer: Answer) -> None:
    """Raise `BenchmarkError` unless this is what all contenders answer to a ping."""
    if not answer.status.startswith("200 ") or json.loads(answer.body) != PONG:
        raise BenchmarkError(f"{name} answers {answer.status}, {answer.body[:200]!r}")


def bare(place: Place) -> Contender:
    """Return what all others are compared with."""
    return Contender("bench.apps.bare:app", place.bare())


def whole(place: Place, **changes: str) -> Contender:
    """Return the service as it is in production."""
    return Contender("wsgi:app", place.service(**place.metric_files(), **changes), headers=OUR_HEADERS)


def measure(contenders: Mapping[str, Contender], place: Place, options: Options) -> dict[str, list[float]]:
    """Return each one's microseconds per call, a value for each round."""
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.generations):
        for name, values in _generation(contenders, place, options).items():
            found[name] += values
    return found


def _generation(contenders: Mapping[str, Contender], place: Place, options: Options) -> dict[str, list[float]]:
    with ExitStack() as stack:
        held = {
            name: stack.enter_context(
                subject(name, one.application, one.environ, place.awaited_log if one.awaited else place.log)
            )
            for name, one in contenders.items()
        }
        for name, one in contenders.items():
            one.check(held[name])
            for path in one.seen:
                held[name].visit(path)

        def taking(name: str) -> float:
            return held[name].microseconds(contenders[name].paths, options.call_seconds)

        return take_turns({name: partial(taking, name) for name in held}, options.rounds)
