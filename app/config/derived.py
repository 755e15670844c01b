"""What follows from the settings: values that nobody has to set, and none can set wrongly."""

from typing import Any
from urllib.parse import unquote, urlsplit

from app.config.setting import settings_of


class Derived:
    """A loaded configuration; the settings themselves are declared by the classes below it."""

    PUBLIC_URL: str

    def __init__(self, values: dict[str, Any]) -> None:
        """Take the parsed values of all settings, by name."""
        for name, value in values.items():
            setattr(self, name, value)

    def mapping(self) -> dict[str, Any]:
        """Return everything in capitals, as `app.config` holds it."""
        return {name: getattr(self, name) for name in dir(self) if name.isupper()}

    @property
    def SECURE(self) -> bool:
        """Whether the public reaches the service over TLS: what HSTS, redirects and cookie flags depend on."""
        return urlsplit(self.PUBLIC_URL).scheme == "https"

    @property
    def PREFERRED_URL_SCHEME(self) -> str:
        """The scheme of URLs that are built outside a request."""
        return "https" if self.SECURE else "http"

    @property
    def SESSION_COOKIE_NAME(self) -> str:
        """`__Host-` binds the cookie to this very host, over TLS only (RFC 6265bis, section 4.1.3.2)."""
        return "__Host-session" if self.SECURE else "session"

    @property
    def SESSION_COOKIE_SECURE(self) -> bool:
        """Browsers drop Secure cookies on plain HTTP, so the flag follows the public URL."""
        return self.SECURE

    @property
    def REMEMBER_COOKIE_NAME(self) -> str:
        """As the session's, should a login extension be added."""
        return "__Host-remember" if self.SECURE else "remember"

    @property
    def REMEMBER_COOKIE_SECURE(self) -> bool:
        """As the session's."""
        return self.SECURE

    @property
    def SECRET_VALUES(self) -> tuple[str, ...]:
        """What must never leave the process: every secret, and the passwords inside the URLs."""
        found: list[str] = []
        for name, declared in settings_of(type(self)).items():
            value = getattr(self, name)
            if declared.secret and value:
                found += value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        passwords = [urlsplit(value).password or "" for value in found if "://" in value]
        return tuple(filter(None, [*found, *passwords, *map(unquote, passwords)]))
