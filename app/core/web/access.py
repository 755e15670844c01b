"""Every view says who may reach it; one that says nothing is refused, so nothing is published by omission."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request
from werkzeug.exceptions import Forbidden

from app.core.web.service import Service

View = TypeVar("View", bound=Callable[..., Any])


def init_app(app: Service) -> None:
    """Check the declaration of the view before it is called."""
    views = app.view_functions

    def check(request: Request) -> None:
        if (endpoint := request.endpoint) is None:
            return
        guard = getattr(views[endpoint], "guard", None)
        if guard is None:
            raise Forbidden("This address is not open to anybody.")
        guard()

    app.before_views(check)


def public(view: View) -> View:
    """Declare that anybody may reach this view."""
    return guarded(_anybody)(view)


def guarded(guard: Callable[[], None]) -> Callable[[View], View]:
    """Declare that `guard` decides: it returns, or raises `Unauthorized` or `Forbidden`."""

    def declare(view: View) -> View:
        view.guard = guard  # type: ignore[attr-defined]
        return view

    return declare


def _anybody() -> None:
    """Refuse nobody."""
