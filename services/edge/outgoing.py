"""The one way out to addresses that people chose: checked after resolution, and connected to as checked (SSRF).

A host is resolved once, every address that it stands for must be a public one, and the connection goes to that very
address with the host's own name in TLS and `Host`. Redirects are not followed and answers are read only so far.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import aiohttp
from yarl import URL

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of an answer that are read; the rest is dropped with the connection."""
SECONDS: Final = 10.0
PORTS: Final = frozenset({443, 8443})

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_HEADER = re.compile(r"[^\r\n\x00]*")
_IPV4_INSIDE: Final = (
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (ipaddress.IPv6Network("64:ff9b:1::/48"), 0),
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible
    (ipaddress.IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4
)
"""IPv6 ranges that lead to an IPv4 address, with the number of bits behind it."""
_REFUSED: Final = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23"),
    )
)
"""Ranges that some versions of Python call global: shared, protocol, relay, benchmark, reserved, Teredo."""


class ForbiddenAddressError(Exception):
    """The URL leads, or may lead, somewhere that nobody outside may reach; `rule` says which one it broke."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"the address is refused: {rule}")
        self.rule = rule


class UnreachableError(Exception):
    """No answer came; `sent` says whether the request may have arrived."""

    def __init__(self, what: str, *, sent: bool) -> None:
        super().__init__(what)
        self.sent = sent


class Answer(NamedTuple):
    """What a server answered: never shown to people beyond its status."""

    status: int
    body: bytes
    retry_after: int = 0
    """Seconds that the server asks us to wait."""


class Target(NamedTuple):
    """A checked URL with the address to connect to."""

    url: URL
    address: str


def is_public(address: Address) -> bool:
    """Say whether an address may be reached from here: public, and not one that leads to a private one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _ipv4_of(address)
        if inner is not None:
            return is_public(inner)
    if any(address.version == net.version and address in net for net in _REFUSED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _ipv4_of(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    for network, behind in _IPV4_INSIDE:
        if address in network:
            return ipaddress.IPv4Address((int(address) >> behind) & 0xFFFFFFFF)
    return None


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return every address of a host, asked of the system; numbers in any notation count as hosts."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Guard:
    """Decides where a connection may go. `allowed` are `host:port` pairs of the installation's own network."""

    def __init__(self, allowed: frozenset[str] = frozenset(), resolve: Resolve = resolved) -> None:
        self._allowed = allowed
        self._resolve = resolve

    async def check(self, text: str) -> Target:
        """Return where to connect for a URL; raises `ForbiddenAddressError`, or `UnreachableError` for no such name."""
        url = _parsed(text)
        port = url.port or 443
        if self.trusts(str(url.host), port):
            return Target(url, (await self.addresses(str(url.host), port, private=True))[0])
        if url.scheme != "https":
            raise ForbiddenAddressError("scheme")
        if port not in PORTS:
            raise ForbiddenAddressError("port")
        return Target(url, (await self.addresses(str(url.host), port))[0])

    def trusts(self, host: str, port: int) -> bool:
        """Say whether the installation trusts a place, wherever it is."""
        return f"{host}:{port}" in self._allowed

    async def addresses(self, host: str, port: int, *, private: bool = False) -> Sequence[str]:
        """Return the addresses of a host if each may be reached, else raise; `private` skips that question."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UnreachableError("no such host", sent=False) from error
        if not found:
            raise UnreachableError("no such host", sent=False)
        if not private and not all(is_public(ipaddress.ip_address(one.partition("%")[0])) for one in found):
            raise ForbiddenAddressError("address")
        return found


def _parsed(text: str) -> URL:
    """Read a URL with the parser of the client that will use it: two parsers are two opinions."""
    if not text.isascii() or not text.isprintable() or "\\" in text or " " in text:
        raise ForbiddenAddressError("characters")
    try:
        url = URL(text)
        host, _ = url.host, url.port
    except ValueError as error:
        raise ForbiddenAddressError("syntax") from error
    if url.scheme not in ("http", "https") or not host:
        raise ForbiddenAddressError("scheme")
    if url.user is not None or url.password is not None:
        raise ForbiddenAddressError("user")
    if not (_NAME.fullmatch(host) or ":" in host):
        raise ForbiddenAddressError("host")
    return url


class Outgoing:
    """Sends requests through a guard; one session for all, closed by whoever made it."""

    def __init__(self, guard: Guard, seconds: float = SECONDS) -> None:
        self.guard = guard
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and return the answer, whatever its status.

        Raises `ForbiddenAddressError` and `UnreachableError`.
        """
        target = await self.guard.check(url)
        if not all(_HEADER.fullmatch(part) for pair in headers.items() for part in pair):
            raise ForbiddenAddressError("header")
        host = str(target.url.host)
        named = {**headers, "Host": _host_header(target.url), "Accept-Encoding": "identity"}
        place = target.url.with_host(target.address)
        secure = target.url.scheme == "https"
        try:
            async with self._opened().post(
                place, data=body, headers=named, allow_redirects=False, server_hostname=host if secure else None
            ) as reply:
                return Answer(reply.status, await reply.content.read(LARGEST_ANSWER), _seconds(reply.headers))
        except aiohttp.ClientConnectorError as error:
            raise UnreachableError(type(error).__name__, sent=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(type(error).__name__, sent=True) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # A connection is never reused: the next request checks, and connects, anew.
            connector = aiohttp.TCPConnector(force_close=True, limit=100)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _host_header(url: URL) -> str:
    host = f"[{url.host}]" if ":" in str(url.host) else str(url.host)
    return host if url.is_default_port() else f"{host}:{url.port}"


def _seconds(headers: Mapping[str, str]) -> int:
    text = headers.get("Retry-After", "")
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 7 else 0
