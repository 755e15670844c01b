"""A client's connection: HTTP/1.1 over TLS, one request after the other, and nothing done behind one's back."""

import asyncio


class Connection:
    """At most one at a time to an address; opened by the first request, and after `most` requests anew."""

    def __init__(self, address, port, host, context, source, most=100):
        self._address, self._port = address, port
        self._host, self._context, self._source = host, context, source
        self._most = most
        self._reader = self._writer = None
        self.sent = 0  # requests, on the present connection
        self.reopened = 0  # because the server had closed it while nothing was under way

    async def exchange(self, method, path, content=b""):
        """Send a request, once, and return status, content type and body; errors are those of the connection."""
        await self._open()
        self.sent += 1
        length = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if content else ""
        self._writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{length}\r\n".encode() + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if headers.get("transfer-encoding") == "chunked":
            body = await self._chunks()
        else:
            body = await self._reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return int(head[0].split()[1]), headers.get("content-type", ""), body

    async def _open(self):
        if self.sent >= self._most:
            self.close()
        elif self._writer and (self._reader.at_eof() or self._writer.is_closing()):
            self.reopened += 1
            self.close()
        if not self._writer:
            self._reader, self._writer = await asyncio.open_connection(
                self._address, self._port, ssl=self._context, server_hostname=self._host, local_addr=(self._source, 0)
            )

    async def _chunks(self):
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body

    def close(self):
        if self._writer:
            self._writer.transport.abort()
        self._reader = self._writer = None
        self.sent = 0
