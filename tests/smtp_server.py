"""A small SMTP server for tests: takes mail over a real socket, and answers or breaks off as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


class SmtpServer:
    """Keeps every mail that it took; `answers` replaces the answer to a command or to the body (`.`).

    An answer of `hang` says nothing, `drop` closes the connection; a body is kept all the same.
    """

    def __init__(self, answers: Mapping[str, str] | None = None, extensions: tuple[str, ...] = ("8BITMIME",)) -> None:
        self.answers = dict(answers or {})
        self.extensions = extensions
        self.bodies: list[bytes] = []
        self.commands: list[str] = []
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails taken, parsed."""
        return [message_from_bytes(body, policy=default) for body in self.bodies]  # type: ignore[misc]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SmtpServer]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._open:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if not await self._answer(writer, "connect", "220 test ESMTP"):
            return
        while line := (await reader.readline()).decode("ascii").rstrip("\r\n"):
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            if not await self._answer(writer, verb, self._normal(verb)):
                return
            if verb == "QUIT":
                writer.close()
                return
            if verb == "DATA" and "DATA" not in self.answers and not await self._body(reader, writer):
                return

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line[1:] if line.startswith(b".") else line)
        self.bodies.append(b"".join(lines))
        return await self._answer(writer, ".", "250 taken")

    def _normal(self, verb: str) -> str:
        if verb == "EHLO":
            return "\r\n".join([*(f"250-{one}" for one in ("test", *self.extensions)), "250 SIZE 1000000"])
        return {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")

    async def _answer(self, writer: asyncio.StreamWriter, verb: str, normal: str) -> bool:
        answer = self.answers.get(verb, normal)
        if answer == "hang":
            return True
        if answer == "drop":
            writer.close()
            return False
        writer.write(f"{answer}\r\n".encode())
        await writer.drain()
        return True
