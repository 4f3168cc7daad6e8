"""A small SMTP server for tests: takes mail over a real socket, and answers or breaks off as it is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


class SmtpServer:
    """Keeps every mail that it took; `answers` replaces the answer to a command or to the body (`.`).

    An answer of `hang` says nothing, `drop` closes the connection; a body is kept all the same. With `tls` it offers
    STARTTLS, or is encrypted `from_the_start`.
    """

    def __init__(
        self, answers: Mapping[str, str] | None = None, extensions: tuple[str, ...] = ("8BITMIME",),
        tls: ssl.SSLContext | None = None, *, from_the_start: bool = False,
    ) -> None:  # fmt: skip
        self._tls, self._from_the_start = tls, from_the_start
        self.answers = dict(answers or {})
        self.extensions = extensions
        self.bodies: list[bytes] = []
        self.commands: list[str] = []
        self.encrypted: list[str] = []
        """Those of the commands that came encrypted."""
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def mails(self) -> list[EmailMessage]:
        """The mails taken, parsed."""
        return [message_from_bytes(body, policy=default) for body in self.bodies]  # type: ignore[misc]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[SmtpServer]:
        """Listen on a free port."""
        tls = self._tls if self._from_the_start else None
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20, ssl=tls)
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
            verb = self._note(line, writer)
            if not await self._answer(writer, verb, self._normal(verb, writer)):
                return
            if verb == "QUIT":
                writer.close()
                return
            if verb == "STARTTLS" and self._tls and not await _encrypt(writer, self._tls):
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

    def _note(self, line: str, writer: asyncio.StreamWriter) -> str:
        self.commands.append(line)
        if _is_encrypted(writer):
            self.encrypted.append(line)
        return line.split(" ", maxsplit=1)[0].upper()

    def _normal(self, verb: str, writer: asyncio.StreamWriter) -> str:
        if verb == "EHLO":
            offered = ("STARTTLS",) if self._tls and not _is_encrypted(writer) else ()
            return "\r\n".join([*(f"250-{one}" for one in ("test", *offered, *self.extensions)), "250 SIZE 1000000"])
        return {"DATA": "354 go on", "QUIT": "221 bye", "STARTTLS": "220 go on", "AUTH": "235 welcome"}.get(
            verb, "250 ok"
        )

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


def _is_encrypted(writer: asyncio.StreamWriter) -> bool:
    return writer.get_extra_info("ssl_object") is not None


async def _encrypt(writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> bool:
    """Encrypt the connection; say whether the other side went along with it."""
    try:
        await writer.start_tls(tls)
    except (OSError, EOFError):
        return False
    return True
