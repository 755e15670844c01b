"""Parsers of settings that hold an address: URLs, hosts, listening sockets."""

import re
import socket
from email.utils import formataddr, getaddresses
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.config.setting import text, words

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LARGEST_PORT = 65535
_REDIS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])", re.ASCII)


def host(raw: str) -> str:
    """Accept a host name or an address, without a port."""
    if not _HOST.fullmatch(raw.lower()):
        raise ValueError("not a host name or an address")
    return raw.lower()


def hosts(raw: str) -> tuple[str, ...]:
    """Accept host names separated by commas; a leading dot takes in the subdomains, `*` is left to `problems`."""
    return tuple(_host_pattern(name) for name in words(raw))


def _host_pattern(raw: str) -> str:
    if raw == "*":
        return raw
    return ("." if raw.startswith(".") else "") + host(raw.removeprefix("."))


def _split(raw: str, schemes: tuple[str, ...]) -> SplitResult:
    try:
        url = urlsplit(raw)
        port = url.port
    except ValueError:
        raise ValueError("not a URL: its host or port is malformed") from None
    if url.scheme not in schemes:
        raise ValueError(f"not a URL that starts with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if port == 0 or re.search(r"[\s\x00-\x1f]", raw):
        raise ValueError("not a URL: its port is 0 or it contains white space")
    return url


def origin(raw: str) -> str:
    """Accept `http(s)://host[:port]` and nothing after it (RFC 6454); return it in lower case."""
    url = _split(raw, ("https", "http"))
    if not url.hostname or url.username or url.path.strip("/") or url.query or url.fragment:
        raise ValueError("not an origin: give scheme, host and port only, such as https://example.org")
    host(f"[{url.hostname}]" if ":" in url.hostname else url.hostname)
    return f"{url.scheme}://{url.netloc}".lower()


def http_url(raw: str) -> str:
    """Accept `http(s)://host[:port][/path]` without a password; return it without a slash at its end."""
    url = _split(raw, ("https", "http"))
    if not url.hostname or "@" in url.netloc or url.query or url.fragment:
        raise ValueError("not a URL of scheme, host, port and path only, such as https://example.org:4318")
    return raw.rstrip("/")


def mailbox(raw: str) -> str:
    """Accept an address of mail, with or without a name before it: `Ann <ann@example.org>`."""
    [(name, address), *others] = getaddresses([text(raw)])
    local, _, domain = address.rpartition("@")
    if others or not local or re.search(r"[\s<>@,]", local) or not _HOST.fullmatch(domain.lower()):
        raise ValueError("not an address such as no-reply@example.org or Name <no-reply@example.org>")
    return formataddr((name, address))


def origins(raw: str) -> tuple[str, ...]:
    """Accept origins separated by commas; never `*`."""
    return tuple(origin(item) for item in words(raw))


def database_url(raw: str) -> str:
    """Accept a PostgreSQL URL in any of its usual spellings; return it for SQLAlchemy with psycopg 3."""
    _split(raw, ("postgresql", "postgres", "postgresql+psycopg"))
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        raise ValueError("not a URL that SQLAlchemy can read") from None
    if not url.database:
        raise ValueError("names no database: postgresql://user:password@host:5432/database")
    if not url.host and "host" not in url.query:
        raise ValueError("names no host: postgresql://user:password@host:5432/database")
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def redis_url(raw: str) -> str:
    """Accept a Redis URL: `redis://`, `rediss://` for TLS, or `unix://` with the path of a socket."""
    url = _split(raw, ("redis", "rediss", "unix"))
    if not (url.path if url.scheme == "unix" else url.hostname):
        raise ValueError("names no host: redis://:password@host:6379/0")
    if url.scheme != "unix" and not re.fullmatch(r"/?[0-9]*", url.path):
        raise ValueError("names a database that is not a number: redis://:password@host:6379/0")
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        _redis_option(url.scheme, name, value)
    return raw


def _redis_option(scheme: str, name: str, value: str) -> None:
    """Refuse what the client would stumble over at its first command; how long it waits is a setting of its own."""
    if name == "db" and not re.fullmatch(r"[0-9]+", value):
        raise ValueError("names a database that is not a number: unix:///run/redis.sock?db=0")
    if scheme == "rediss" and name == "ssl_cert_reqs" and value not in {"required", "optional", "none"}:
        raise ValueError("has an ssl_cert_reqs that is not one of required, optional, none")
    if scheme == "rediss" and name in _REDIS_FILES and not Path(value).is_file():
        raise ValueError(f"has an {name} that is not a file")
    if name != "db" and (scheme != "rediss" or name not in {"ssl_cert_reqs", *_REDIS_FILES}):
        raise ValueError(f"has an option other than db, and for rediss:// ssl_cert_reqs, {', '.join(_REDIS_FILES)}")


def dsn(raw: str) -> str:
    """Accept a Sentry DSN: `https://key@host/project`."""
    url = _split(raw, ("https", "http"))
    if not url.username or not url.hostname or not re.fullmatch(r".*/[0-9]+", url.path):
        raise ValueError("not a DSN: https://key@host/project")
    return raw


def syslog(raw: str) -> str:
    """Accept where syslog listens: the path of a socket, or `host:port` of a host that can be found."""
    name, _, port = raw.rpartition(":")
    if not port.isdecimal():
        if not Path(raw).is_socket():
            raise ValueError("neither a socket, such as /dev/log, nor host:port")
        return raw
    try:
        socket.getaddrinfo(name, int(port), type=socket.SOCK_DGRAM)
    except (OSError, OverflowError):
        raise ValueError("its host cannot be found, or its port is out of range") from None
    return raw


def bind(raw: str) -> str:
    """Accept what Gunicorn can listen on: `host:port`, `unix:/path` or `fd://3`."""
    if re.fullmatch(r"unix:/\S+|fd://[0-9]+", raw):
        return raw
    name, colon, port = raw.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port, re.ASCII) or not 0 < int(port) <= _LARGEST_PORT:
        raise ValueError("not host:port with a port from 1 to 65535, unix:/path or fd://number")
    host(name)
    return raw
