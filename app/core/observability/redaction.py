"""Keeps secrets out of everything that leaves the process as text: by key, by pattern, and by value."""

import re
from collections.abc import Iterable
from typing import Any

REDACTED = "[redacted]"
SHORTEST_SECRET = 6  # a shorter value would be found inside innocent words

_WORDS = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|private[-_]?key|access[-_]?key"
    r"|secret[-_]?key|authorization|cookie|session|credential|dsn|signature)s?"
)
_KEY = re.compile(rf"(?:^|[-_.\s]){_WORDS}(?:$|[-_.\s])", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Where a part of PostgreSQL's message ends, in the text that psycopg, SQLAlchemy and a traceback make of it.
_END = r"(?=\n(?:DETAIL|HINT|CONTEXT|QUERY|LINE \d+):|\n\[SQL|\n\n(?:The above|During handling)|\Z)"
_PATTERNS = [
    # user and password of any URL: postgresql://app:pass@host, https://key@sentry.example/1
    (re.compile(r"(?<=://)[^/\s@'\"]+(?=@)"), REDACTED),
    (re.compile(r"\b(Bearer|Basic|Digest|Token)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), REDACTED),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
    # password=..., "api_key": "...", Cookie: ...
    (
        re.compile(
            rf"""((?:\b|[-_.]){_WORDS}["']?\s*[=:]\s*)"""
            r"""(?!\[redacted\])("[^"]*"|'[^']*'|(?:(?:Bearer|Basic|Digest|Token)\s+)?[^\s,;&)}\]]+)""",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    # PostgreSQL quotes the value that it refused, whatever a user has written
    (re.compile(rf"^(DETAIL|CONTEXT):.*?{_END}", re.DOTALL | re.MULTILINE), rf"\1: {REDACTED}"),
    (
        re.compile(
            r"(invalid input (?:syntax for type|value for enum) [^\n:]{1,200}:"
            r"|field value out of range:|malformed (?:array|range|multirange|record) literal:)"
            rf' ".*?{_END}',
            re.DOTALL,
        ),
        rf"\1 {REDACTED}",
    ),
    (re.compile(r'value "[^"]*" (?=is out of range)'), f"value {REDACTED} "),
]
# What every secret above comes with, in lower case: a text without it is left alone, after a microsecond or two.
_SIGNS = ("@", "eyj", "private key", "bearer", "basic", "digest", "token", "out of range")
_NAMES = (  # each with a value behind a sign of its own
    *("pass", "pwd", "secret", "key", "authorization", "cookie", "session", "credential", "dsn", "signature"),
    *("detail", "context", "invalid input", "field value", "malformed"),
)


class Redactor:
    """Replaces secrets by `[redacted]`; `secrets` are values that are known and must never appear."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None
        self._values = known

    def suspects(self, text: str) -> bool:
        """Whether there could be a secret in `text`; if not, there is nothing to redact."""
        folded = text.casefold()
        return (
            any(map(text.__contains__, self._values))
            or any(map(folded.__contains__, _SIGNS))
            or ((":" in text or "=" in text) and any(map(folded.__contains__, _NAMES)))
        )

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        if not self.suspects(text):
            return text
        if self._known:
            text = self._known.sub(REDACTED, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def field(self, key: str, value: Any) -> Any:
        """Return the value of a log field without secrets; a field whose name speaks of a secret loses it all."""
        if value is not None and names_a_secret(key):
            return REDACTED
        return self.value(value)

    def value(self, value: Any) -> Any:
        """Return `value` without secrets, however deep they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.field(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple | set):
            return [self.value(item) for item in value]
        if isinstance(value, int | float | bool) or value is None:
            return value
        return self.text(str(value))


def names_a_secret(key: str) -> bool:
    """Whether the value of such a field is kept out of sight, whatever it is."""
    return bool(_KEY.search(_HUMP.sub("_", key)))
