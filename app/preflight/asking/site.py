"""A service as the public meets it: asked over TLS or in plain text, each time on a connection of its own."""

import http.client
import secrets
import socket
import ssl
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import urlsplit

from app.preflight.asking.answer import Answer
from app.preflight.asking.connection import Address, Deadline, addresses, connected, ended_after, reason
from app.preflight.checks import NoAnswerError

READ_AT_MOST = 2 * 1024 * 1024
AS_A_BROWSER = {"Accept": "text/html"}
NONE: Mapping[str, str] = {}
PAGES = 6  # the home page and some that it leads to


def doubting() -> ssl.SSLContext:
    """Return how to speak TLS with whoever is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Site:
    """The service at `url`, of scheme https, host and perhaps a port.

    `address` is where to connect, whatever DNS says; `http_port` where plain HTTP is answered; `cafile` whom to trust
    besides the system; `home` the page whose
    links are followed; `seconds` how long one answer may take, and `deadline` all of them.
    """

    def __init__(  # noqa: PLR0913  what a command line has
        self,
        url: str,
        *,
        address: str | None = None,
        http_port: int | None = None,
        home: str = "/",
        cafile: str | None = None,
        seconds: float = 10,
        deadline: float = 120,
    ) -> None:
        parts = urlsplit(url)
        self.url = url
        self.name, self.host, self.port = parts.netloc, parts.hostname or "", parts.port or 443
        self.http_port = http_port or (None if parts.port else 80)
        self.home = home
        self.id = f"preflight-{secrets.token_hex(6)}"  # in the log, all that was asked here
        self.seconds = seconds
        self.distrust: str | None = None  # what is wrong with the certificate, once that is known
        self.trusting = ssl.create_default_context(cafile=cafile)
        self._address = address or self.host
        self._deadline = Deadline(deadline)
        self._known: dict[tuple[object, ...], Answer] = {}

    @cached_property
    def _found(self) -> list[Address]:
        return addresses(self._address, self.port, self._deadline.left(self.seconds))

    def connect(self, port: int | None = None) -> socket.socket:
        """Return a connection to the service; raises `NoAnswerError`."""
        port = port or self.port
        found = [(family, (address[0], port, *address[2:])) for family, address in self._found]
        return connected(found, self.host, port, self._deadline.left(self.seconds))

    def over_tls(self, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """Return a connection over TLS; raises `NoAnswerError`, or `ssl.SSLError` for what speaks against it."""
        context = context or (doubting() if self.distrust else self.trusting)
        sock, given = self.connect(), self._deadline.left(self.seconds)
        with ended_after(given, sock) as ended:
            try:
                return context.wrap_socket(sock, server_hostname=self.host)
            except OSError as error:
                sock.close()
                if isinstance(error, ssl.SSLError) and not ended():
                    raise
                why = f"nothing within {given:g} s" if ended() else reason(error)
                raise NoAnswerError(f"{self.name} does not answer the greeting of TLS: {why}") from error

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] = NONE,
        *,
        host: str | None = None,
        plain: bool = False,
    ) -> Answer:
        """Return the answer to a request; `plain` is without TLS. Raises `NoAnswerError`."""
        asked = f"{method} {f'http://{self.host}' if plain else self.url}{path}"
        given = {"Host": host or self.name, **headers}
        try:
            sock = self.connect(self.http_port) if plain else self.over_tls()
        except ssl.SSLError as error:
            raise NoAnswerError(f"{asked} is not answered: {reason(error)}") from error
        seconds = self._deadline.left(self.seconds)
        with sock, ended_after(seconds, sock) as ended:
            try:
                answer = self._exchange(sock, asked, (method, path), given)
                if ended():  # what was cut off reads like an answer
                    raise TimeoutError
                return answer  # noqa: TRY300  the deadline is over or it is not
            except (OSError, http.client.HTTPException) as error:
                why = reason(error) if isinstance(error, OSError) else f"that is no HTTP ({type(error).__name__})"
                why = f"not complete within {seconds:g} s" if ended() else why
                raise NoAnswerError(f"{asked} is not answered: {why}") from error

    def _exchange(self, sock: socket.socket, asked: str, line: tuple[str, str], headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.host)
        connection.sock = sock
        connection.putrequest(*line, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"X-Request-ID": self.id, "User-Agent": "preflight"} | headers).items():
            connection.putheader(name, value)
        connection.putheader("Connection", "close")
        connection.endheaders()
        with connection.getresponse() as response:
            body = response.read(READ_AT_MOST)
            if response.length and len(body) < READ_AT_MOST:
                raise http.client.IncompleteRead(body, response.length)
            return Answer(asked, response.status, response.headers, body)

    def get(self, path: str, headers: Mapping[str, str] = NONE) -> Answer:
        """Return the answer to a GET, asked once for all checks that want the same."""
        key = (path, *headers.items())
        if key not in self._known:
            self._known[key] = self.ask(path, headers=headers)
        return self._known[key]

    def page(self, path: str | None = None) -> Answer:
        """Return a page, the home page if no other is named, as a browser asks for it."""
        return self.get(path or self.home, AS_A_BROWSER)

    def pages(self) -> list[Answer]:
        """Return the home page, and some of the pages that it leads to."""
        home = self.page()
        paths = [path for path in home.links() if path != self.home and not path.startswith("/static/")]
        return [home, *(self.page(path) for path in paths[: PAGES - 1])]

    def static(self) -> list[str]:
        """Return the paths of static files that the home page names."""
        return [path for path in self.page().links() if path.startswith("/static/")]

    def nowhere(self, prefix: str = "") -> str:
        """Return a path that leads to nothing."""
        return f"{prefix}/{self.id}"
