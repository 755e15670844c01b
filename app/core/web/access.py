"""Every view says who may reach it; one that says nothing is refused, so nothing is published by omission."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import Forbidden

View = TypeVar("View", bound=Callable[..., Any])


def init_app(app: Flask) -> None:
    """Check the declaration of the view before it is called."""
    app.before_request(_check)


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


def _check() -> None:
    if request.endpoint is None:
        return
    guard = getattr(current_app.view_functions[request.endpoint], "guard", None)
    if guard is None:
        raise Forbidden("This address is not open to anybody.")
    guard()
