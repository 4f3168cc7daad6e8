"""A small HTTP server for tests: answers as a provider would, or as it is told, and keeps every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple


class Request(NamedTuple):
    """One request: `POST /path`, headers with names in lower case, body."""

    line: str
    headers: dict[str, str]
    body: bytes


class HttpServer:
    """Answers every request with `status` and `body`; a status of 0 closes the connection without an answer."""

    def __init__(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        self.status, self.body, self.headers = status, body, headers
        self.requests: list[Request] = []
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[HttpServer]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1)[:1] + line.split(": ", 1)[1:] for line in head[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.requests.append(Request(head[0].rpartition(" ")[0], headers, body))
        if self.status:
            more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in self.headers.items())
            start = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(self.body)}\r\n{more}\r\n"
            writer.write(start.encode() + self.body)
            await writer.drain()
        writer.close()
