"""What a service has answered, as checks look at it."""

import json
import re
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

_LINK = re.compile(r"""\b(?:href|src)=["'](/(?!/)[^"'#?\s]*)""")


@dataclass(frozen=True)
class Answer:
    """An answer, read up to a limit."""

    asked: str  # the method and the address, for whoever reads the finding
    status: int
    headers: Message
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of a header, one for each line of it."""
        return [str(value) for value in self.headers.get_all(name, [])]

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty text."""
        return ", ".join(self.all(name))

    @property
    def type(self) -> str:
        """The media type, without its parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def served(self) -> bool:
        """Whether what was asked for is there."""
        return 200 <= self.status < 300  # noqa: PLR2004  RFC 9110, section 15

    @property
    def refused(self) -> bool:
        """Whether it is an error, the client's or ours."""
        return self.status >= 400  # noqa: PLR2004  likewise

    def json(self) -> dict[str, Any]:
        """Return the object that the body is, or an empty one."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def links(self) -> list[str]:
        """Return the paths on this host that a page names, in their order, each once."""
        return list(dict.fromkeys(_LINK.findall(self.text)))

    @property
    def leads_to(self) -> str:
        """The host that a redirect leads to, in lower case; empty for this one."""
        return (urlsplit(self.header("Location")).hostname or "").lower()

    def __str__(self) -> str:
        location = f" to {self.header('Location')[:100]}" if self.header("Location") else ""
        return f"{self.asked} is answered with {self.status} {self.type}{location}".rstrip()
