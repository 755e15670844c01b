"""Parser of how often something may happen."""

import re


def rate(raw: str) -> str | None:
    """Accept a number and a unit of time, such as 300/minute, or `off`, which is None."""
    if raw.lower() == "off":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(second|minute|hour|day)", raw, re.ASCII):
        raise ValueError("neither off nor a number per second, minute, hour or day, such as 300/minute")
    return raw
