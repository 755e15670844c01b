"""Lines to a syslog daemon, which may be restarted, be frozen or be gone without anybody here waiting for it."""

import json
import logging
import os
import re
import socket
from contextlib import suppress
from typing import Any

from app.core.observability.outputs.output import Output

# Of a datagram by UDP, 65,507 bytes are ours; what is longer would be refused as a whole.
LONGEST_BYTES = 60_000

_USER = 1 << 3  # the facility of programs that are no part of the system (RFC 5424, table 1)
_SEVERITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_ESSENTIAL = ("timestamp", "level", "logger", "message", "request_id", "service", "release")


class Syslog(Output):
    """Sends datagrams: to the socket at a path, such as /dev/log, or by UDP to `host:port`, looked up once.

    The form is each one's own: a local daemon is told what the C library would tell it, a distant one RFC 5424.
    """

    def __init__(self, address: str, service: str) -> None:
        super().__init__(f"LOG_SYSLOG {address}")
        self._family, self._address = _look_up(address)
        self._tag = re.sub(r"[^\w.-]", "-", service, flags=re.ASCII)[:32]
        self._socket: socket.socket | None = None

    def write(self, line: str, level: int, patience: float) -> None:
        """Send one line; a daemon that was restarted has a new socket, so a refused line is tried there too."""
        datagram = f"<{_USER | _SEVERITIES.get(level, 5)}>{self._head()}".encode() + shortened(line, LONGEST_BYTES)
        try:
            self._send(datagram, patience)
        except (BlockingIOError, TimeoutError):
            raise TimeoutError("the daemon does not read them") from None
        except OSError:
            self._let_go()
            self._send(datagram, patience)

    def close(self) -> None:
        """Let go of the socket."""
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        if self._socket:
            self._socket.close()
            self._socket = None

    def _head(self) -> str:
        if self._family == socket.AF_UNIX:
            return f"{self._tag}[{os.getpid()}]: "
        return f"1 - {socket.gethostname()} {self._tag} {os.getpid()} - - "

    def _send(self, datagram: bytes, patience: float) -> None:
        if not self._socket:
            self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
            self._socket.connect(self._address)
        self._socket.settimeout(patience)
        self._socket.send(datagram)


def _look_up(address: str) -> tuple[int, Any]:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        return socket.AF_UNIX, address
    family, _, _, _, found = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]
    return family, found


def shortened(line: str, most: int) -> bytes:
    """Return the line in UTF-8 and in at most `most` bytes: of JSON, the middle of long values is left out."""
    data = line.encode(errors="backslashreplace")
    if len(data) <= most:
        return data
    with suppress(ValueError, AttributeError):
        fields = json.loads(line)
        for length in (8192, 1024, 128):
            shorter = json.dumps({name: _brief(value, length) for name, value in fields.items()}).encode()
            if len(shorter) <= most:
                return shorter
        return json.dumps({name: _brief(fields[name], 128) for name in _ESSENTIAL if name in fields}).encode()
    return data[:most].decode(errors="ignore").encode()


def _brief(value: Any, length: int) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    if len(text) <= length:
        return value
    return f"{text[: length // 2]} [... {len(text) - length} characters left out ...] {text[-length // 2 :]}"
