"""Probes: `/healthz` says that this process answers, `/readyz` that it should be sent requests.

Liveness looks at nothing else, so a dead database restarts nobody. Readiness
asks every dependency that has registered a check, all at once and for two
seconds at most; answers are kept for a second, so probing is cheap however often it is done.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.core.web.access import public

DEADLINE_SECONDS = 2.0
FRESH_SECONDS = 1.0

_log = logging.getLogger(__name__)

bp = Blueprint("probes", __name__)


def init_app(app: Flask) -> None:
    """Publish the two probes."""
    app.extensions.setdefault("health", [])
    app.register_blueprint(bp)


def register(app: Flask, name: str, check: Callable[[], Any], *, required: bool = True) -> None:
    """Add a check to readiness: `check` runs in the application context and raises when `name` is not usable.

    Where `required` is false, the service answers without `name`, only slower or with less: readiness then
    names it as degraded, and stays 200.
    """

    def in_context() -> None:
        with app.app_context():
            check()

    app.extensions.setdefault("health", []).append(Check(name, in_context, required=required))


@bp.get("/healthz")
@public
def liveness() -> ResponseReturnValue:
    """Answer 200 as long as this process can answer at all."""
    return jsonify(status="ok"), {"Cache-Control": "no-store"}


@bp.get("/readyz")
@public
def readiness() -> ResponseReturnValue:
    """Answer 200, or 503 with the names of the dependencies that fail; those we can do without are degraded."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    checks: list[Check] = current_app.extensions["health"]
    for check in checks:
        check.refresh()
    failed = [check for check in checks if not check.passes(deadline)]
    failing = [check.name for check in failed if check.required]
    degraded = [check.name for check in failed if not check.required]
    status = {"status": "unavailable" if failing else "ok", "failing": failing, "degraded": degraded}
    return (
        jsonify({name: value for name, value in status.items() if value}),
        503 if failing else 200,
        {"Cache-Control": "no-store"},
    )


class Check:
    """A check that runs in a thread of its own, at most once at a time, so that one that hangs binds nobody else."""

    def __init__(self, name: str, check: Callable[[], None], *, required: bool) -> None:
        self.name = name
        self.required = required
        self._check = check
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._done.set()
        self._finished_at = float("-inf")
        self._passed = False

    def refresh(self) -> None:
        """Start the check, unless it is running or its last answer is fresh."""
        with self._lock:
            if self._done.is_set() and time.monotonic() - self._finished_at >= FRESH_SECONDS:
                self._done.clear()
                threading.Thread(target=self._run, name=f"readiness-{self.name}", daemon=True).start()

    def passes(self, deadline: float) -> bool:
        """Return whether the check has passed by `deadline`, a time of the monotonic clock."""
        return self._done.wait(max(0.0, deadline - time.monotonic())) and self._passed

    def _run(self) -> None:
        passed = False
        try:
            self._check()
            passed = True
        except Exception as error:  # noqa: BLE001  whatever it is, the dependency is not usable
            _log.warning("readiness: %s failed: %s", self.name, error)
        finally:
            self._passed, self._finished_at = passed, time.monotonic()
            self._done.set()
