"""Forms carry a token that another site cannot know; a request that changes something without it is refused."""

from flask import Request, current_app
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from wtforms.validators import ValidationError

from app.core.web.service import Service

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}  # RFC 9110, section 9.2.1


def init_app(app: Service) -> None:
    """Give templates `csrf_token()`, and check what is sent back.

    The API is exempt: it reads no cookie, and takes only JSON, which another
    site's form cannot send.
    """
    app.jinja_env.globals["csrf_token"] = generate_csrf
    app.before_views(_check)


def _check(request: Request) -> None:
    if request.method in _SAFE_METHODS or request.endpoint is None or request.endpoint.startswith("v1."):
        return
    token = request.form.get("csrf_token") or request.headers.get("X-CSRF-Token")
    # Flask-WTF knows one key only: a form opened before the key was rotated would be refused.
    keys = [current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"]]
    if not any(_signed_by(key, token) for key in keys):
        raise CSRFError("The form has expired or came from another site. Open the page again and resend it.")


def _signed_by(key: str, token: str | None) -> bool:
    try:
        validate_csrf(token, secret_key=key)
    except ValidationError:
        return False
    return True
