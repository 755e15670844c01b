"""Parsers of the keys that sign cookies: long enough, and not one that everybody knows."""

import re

from app.config.setting import words

MINIMUM_LENGTH = 32
MINIMUM_DISTINCT = 8  # characters; hardly ever fewer in 32 random hexadecimal digits
HOW_TO_MAKE_ONE = 'python -c "import secrets; print(secrets.token_hex(32))"'

_PLACEHOLDER = re.compile(
    r"change[-_ ]?(me|this|it)|replace[-_ ]?(me|this)|secret[-_ ]?key|(super|very|top)[-_ ]?secret|your[-_ ]"
    r"|example|insecure|password|default|placeholder|development|0123456789|abcdefgh|qwerty"
    r"|192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",  # printed in Flask's documentation
    re.IGNORECASE,
)


def secret_key(raw: str) -> str:
    """Accept a key of at least 32 characters that is neither a placeholder nor one pattern repeated.

    NIST SP 800-107 asks of an HMAC key as many bits as its hash has: 32 random bytes are ample.
    """
    if len(raw) < MINIMUM_LENGTH:
        raise ValueError(f"{len(raw)} characters; at least {MINIMUM_LENGTH} are needed ({HOW_TO_MAKE_ONE})")
    if _PLACEHOLDER.search(raw) or len(set(raw)) < MINIMUM_DISTINCT:
        raise ValueError(f"a well-known or guessable key; make one of your own ({HOW_TO_MAKE_ONE})")
    return raw


def secret_keys(raw: str) -> list[str]:
    """Accept former keys separated by commas or white space, newest first."""
    return [secret_key(key) for key in words(raw)]
