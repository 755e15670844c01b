"""What a process remembers of a dependency that fails, so that its log says so once and not everybody waits for it."""

import logging
import threading
import time


class Outage:
    """Says in the log once that something is not usable, and once that it is again, however many notice."""

    def __init__(self, log: logging.Logger, began: str, ended: str) -> None:
        self._log, self._began, self._ended = log, began, ended
        self._lock = threading.Lock()
        self.lasts = False

    def begin(self, error: Exception) -> None:
        """Note that it is not usable; the first time, the log tells why."""
        with self._lock:
            known, self.lasts = self.lasts, True
        if not known:
            self._log.warning("%s: %s", self._began, error)

    def end(self) -> None:
        """Note that it is usable."""
        if not self.lasts:  # as nearly always; then it costs no lock
            return
        with self._lock:
            known, self.lasts = self.lasts, False
        if known:
            self._log.warning("%s", self._ended)


class Breaker:
    """Has only one in `pause_seconds` wait for something that did not answer; all others are told at once."""

    def __init__(self, outage: Outage, pause_seconds: float) -> None:
        self._outage, self._pause_seconds = outage, pause_seconds
        self._lock = threading.Lock()
        self._ask_again_at = 0.0  # a time of the monotonic clock

    def may_ask(self) -> bool:
        """Return whether to ask now: always, or while an outage lasts if the pause is over; then a new one begins."""
        if not self._outage.lasts:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._ask_again_at:
                return False
            self._ask_again_at = now + self._pause_seconds
        return True

    def failed(self, error: Exception) -> None:
        """Note that it did not answer."""
        with self._lock:
            self._ask_again_at = time.monotonic() + self._pause_seconds
        self._outage.begin(error)

    def answered(self) -> None:
        """Note that it answered."""
        self._outage.end()
