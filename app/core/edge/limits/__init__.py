"""Limits how often a client may ask: at one view where `limit` says so, at all addresses together by `RATE_LIMIT`.

Requests are counted in Redis, for all workers and instances; without `REDIS_URL` there are no limits. The window
is fixed, because that takes one exchange with Redis: around its end a client may ask twice as often for a moment.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from app.config.rates import rate
from app.core.web.service import Service

View = TypeVar("View", bound=Callable[..., Any])


def init_app(app: Service) -> None:
    """Count requests where `REDIS_URL` is there; probes, static files and preflights never.

    With `RATE_LIMIT` unknown addresses count too. Without it a request whose view has no limit costs a glance.
    """
    if app.config["REDIS_URL"]:
        from app.core.edge.limits.counting import Limits  # noqa: PLC0415  60 ms that a start without Redis is spared

        app.before_views(Limits(app).check)


def limit(allowed: str) -> Callable[[View], View]:
    """Declare how often a client may call this view, such as `30/minute`; where `RATE_LIMIT` is set, it counts too."""
    parsed = rate(allowed)

    def declare(view: View) -> View:
        view.rate_limit = parsed  # type: ignore[attr-defined]
        return view

    return declare
