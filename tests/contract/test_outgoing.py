"""The guard of outgoing requests: no input reaches a private address (reliability research C4)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from services.edge.outgoing import ForbiddenAddressError, Guard, Outgoing, UnreachableError, is_public

HOSTILE_URLS = [
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://0/", "https://0.0.0.0/", "https://localhost/", "https://localhost./", "https://LOCALHOST/",
    "https://2852039166/", "https://0xA9FEA9FE/", "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b::7f00:1]/", "https://[2002:a9fe:a9fe::]/",
    "https://[2002:7f00:1::]/", "https://[::127.0.0.1]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/",
    "https://[2001:0:7f00:1::]/", "https://[ff02::1]/", "https://192.0.0.192/", "https://224.0.0.1/",
    "https://100.64.0.1/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://198.18.0.1/",
    "https://255.255.255.255/", "https://240.0.0.1/",
    "https://①②⑦.⓪.⓪.①/", "https://127。0。0。1/", "https://good.example\\@127.0.0.1/",
    "https://user:pass@example.com/", "https://user@example.com/", "https://example.com@127.0.0.1/",
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1/", "data:text/plain,x",
    "HTTP+UNIX://%2Fvar%2Frun/", "https://", "//example.com/", "example.com", "", "https://exa mple.com/",
    "https://example.com:22/", "https://example.com:25/", "https://example.com:6379/", "https://example.com:9092/",
    "https://example.com:99999/", "https://example.com:x/", "https://example.com/\r\nHost: evil", "https://exam\x00ple/",
    "https://[::1%25lo]/", "https://%31%32%37.0.0.1/", "javascript:alert(1)",
]  # fmt: skip


async def _public(host: str, port: int) -> Sequence[str]:
    return ["93.184.216.34"]


class Canary:
    """A server that must not be reached."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.port = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Canary]:
        """Listen on 127.0.0.1."""
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    @property
    def guard(self) -> Guard:
        """A guard of an installation that trusts just this server."""
        return Guard(frozenset({f"127.0.0.1:{self.port}"}))


@pytest.mark.parametrize("url", HOSTILE_URLS)
async def test_nothing_hostile_passes(url: str) -> None:
    """Refused as it stands, or because of what the system resolves it to."""
    with pytest.raises((ForbiddenAddressError, UnreachableError)):
        await Guard().check(url)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_pass(address: str) -> None:
    """The guard lets the world be reached, IPv4 inside IPv6 included."""
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%lo"], ["169.254.169.254"]]
)
async def test_a_name_with_one_private_address_is_refused(found: list[str]) -> None:
    """All addresses of a name must be public, not only the first."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return found

    with pytest.raises(ForbiddenAddressError, match="address"):
        await Guard(resolve=resolve).check("https://example.com/")


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that changes its address behind the check (DNS rebinding) is asked once only."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    target = await Guard(resolve=rebinding).check("https://rebind.example/")
    assert (target.address, asked) == ("93.184.216.34", ["rebind.example"])


async def test_the_host_keeps_its_name_although_the_address_is_connected_to() -> None:
    """`Host` is the URL's own; the name is resolved by the guard and by nobody else."""
    async with Canary().serving() as server:
        name = f"hooks.example:{server.port}"

        async def resolve(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        outgoing = Outgoing(Guard(frozenset({name}), resolve))
        answer = await outgoing.post(f"http://{name}/x?y=1", b"{}", {"X-Test": "1"})
        await outgoing.close()
    assert (answer.status, answer.body) == (200, b"ok")
    assert server.requests[0].startswith(b"POST /x?y=1 HTTP/1.1\r\n")
    assert f"Host: {name}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int) -> None:
    """An answer that leads elsewhere is an answer with that status."""
    async with Canary().serving() as inner:
        moved = f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{inner.port}/\r\nContent-Length: 0\r\n\r\n"
        async with Canary(moved.encode()).serving() as server:
            outgoing = Outgoing(server.guard)
            assert (await outgoing.post(f"http://127.0.0.1:{server.port}/", b"", {})).status == status
            await outgoing.close()
        assert inner.requests == []


async def test_a_header_cannot_smuggle_another_one() -> None:
    """A line end in a header's value is refused before a connection is made."""
    async with Canary().serving() as server:
        outgoing = Outgoing(server.guard)
        with pytest.raises(ForbiddenAddressError, match="header"):
            await outgoing.post(f"http://127.0.0.1:{server.port}/", b"", {"X-Key": "a\r\nHost: evil"})
        await outgoing.close()
    assert server.requests == []


async def test_a_trusted_place_is_a_host_with_its_port() -> None:
    """What an installation trusts opens nothing beside it."""
    with pytest.raises(ForbiddenAddressError):
        await Guard(frozenset({"127.0.0.1:9000"})).check("http://127.0.0.1:9001/")


async def test_an_endless_answer_is_read_so_far_only() -> None:
    """What a server sends beyond the limit costs nothing."""
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 200_000
    async with Canary(endless).serving() as server:
        outgoing = Outgoing(server.guard)
        answer = await outgoing.post(f"http://127.0.0.1:{server.port}/", b"", {})
        await outgoing.close()
    assert len(answer.body) <= 64 * 1024


async def test_what_was_never_sent_is_told_from_what_may_have_arrived() -> None:
    """A refused connection sent nothing; a broken one may have."""
    async with Canary().serving() as server:
        guard, port = server.guard, server.port
    outgoing = Outgoing(guard)
    with pytest.raises(UnreachableError) as refused:
        await outgoing.post(f"http://127.0.0.1:{port}/", b"", {})
    async with Canary(b"").serving() as silent:
        broken_way = Outgoing(silent.guard)
        with pytest.raises(UnreachableError) as broken:
            await broken_way.post(f"http://127.0.0.1:{silent.port}/", b"", {})
        await broken_way.close()
    await outgoing.close()
    assert (refused.value.sent, broken.value.sent) == (False, True)
