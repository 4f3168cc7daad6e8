"""The door: who calls, how often, and how much; all of it before a byte of the body is parsed."""

from __future__ import annotations

import asyncio
from typing import Literal, NamedTuple, TypeAlias

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.edge.clock import Clock
from services.gateway.keys import Caller, Keys, Role
from services.gateway.limits import Limiter
from services.gateway.problems import Problem

Needs: TypeAlias = Role | Literal["public"]

LARGEST_BODY = 256 * 1024
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""
UPLOADS = "/v1/files"
"""Bodies posted here are files: as large as the object store takes, and streamed."""
UPLOAD_SECONDS = 300.0
_BEARER = b"bearer "
_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="stagewire"'}


class Allowance(NamedTuple):
    """How large a body may be, and how long it may take to arrive."""

    size: int
    seconds: float


class Door:
    """ASGI middleware in front of the API. Below `/v1/`, webhooks aside, nothing is reached without a key."""

    def __init__(
        self, app: ASGIApp, keys: Keys, tenants: Limiter, strangers: Limiter, clock: Clock, largest_file: int
    ) -> None:
        self._app, self._keys, self._largest_file = app, keys, largest_file
        self._tenants, self._strangers = tenants, strangers
        self._now = clock.now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._admit(scope)
            await self._app(scope, _limited(receive, self._allowance(scope)), _safe(send))
        except Problem as problem:
            await problem.response()(scope, receive, _safe(send))

    async def _admit(self, scope: Scope) -> None:
        caller = await self._caller(scope) if _needs_key(scope["path"]) else None
        scope.setdefault("state", {})["caller"] = caller
        if caller is not None:
            self._tenants.admit(caller.tenant, self._now())
        else:
            self._strangers.admit(_bucket(scope["path"]), self._now())
        _check_size(scope, self._allowance(scope))

    def _allowance(self, scope: Scope) -> Allowance:
        if scope["path"] == UPLOADS and scope["method"] == "POST":
            return Allowance(self._largest_file, UPLOAD_SECONDS)
        return Allowance(LARGEST_BODY, BODY_SECONDS)

    async def _caller(self, scope: Scope) -> Caller:
        key = _bearer(scope)
        caller = self._keys.known(key) or await asyncio.to_thread(self._keys.find, key)
        if caller is None:
            raise Problem(401, "unauthenticated", "the API key is not known", headers=_CHALLENGE)
        return caller


def _needs_key(path: str) -> bool:
    return path.startswith("/v1/") and not path.startswith("/v1/webhooks/")


def _bucket(path: str) -> str:
    """Name the bucket of a request without a key: that of a webhook's kind, of tracked mail, or of payment pages.

    Reports of deliveries come to a path for each message: those of a connection share a bucket.
    """
    if path.startswith("/v1/webhooks/messages/"):
        return path.rpartition("/")[0][:200]
    return path[:200] if path.startswith("/v1/webhooks/") else "tracked" if path.startswith("/t/") else "pages"


def _bearer(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1 or given[0][: len(_BEARER)].lower() != _BEARER:
        raise Problem(401, "unauthenticated", "send one header Authorization: Bearer <key>", headers=_CHALLENGE)
    return str(given[0][len(_BEARER) :], "latin-1").strip()


def _check_size(scope: Scope, allowed: Allowance) -> None:
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Problem(415, "encoding", "bodies are taken uncompressed")
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > allowed.size:
        raise _too_large(allowed)


def _too_large(allowed: Allowance) -> Problem:
    return Problem(413, "too_large", f"a body has at most {allowed.size} bytes", headers={"Connection": "close"})


def _limited(receive: Receive, allowed: Allowance) -> Receive:
    """Count what arrives, whatever its length was said to be, and wait for it only so long."""
    size = 0
    deadline = asyncio.get_running_loop().time() + allowed.seconds
    complete = False

    async def limited() -> Message:
        nonlocal size, complete
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Problem(408, "too_slow", "the body did not arrive in time", headers={"Connection": "close"}) from None
        size += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if size > allowed.size:
            raise _too_large(allowed)
        return message

    return limited


def _safe(send: Send) -> Send:
    async def safe(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in _SAFE_HEADERS if pair[0] not in given)]
        await send(message)

    return safe


async def authorise(request: Request) -> None:
    """Refuse a route that states no role, and a caller who lacks it; runs before anything else of the route."""
    needed = (getattr(request.scope.get("route"), "openapi_extra", None) or {}).get("x-role")
    if needed == "public":
        return
    caller: Caller | None = request.state.caller
    if caller is None:
        raise Problem(401, "unauthenticated", "this needs an API key", headers=_CHALLENGE)
    if needed not in caller.roles:
        raise Problem(403, "forbidden", f"this needs the role {needed or '(none gives it)'}")


def caller_of(request: Request) -> Caller:
    """Return who sends an authorised request: the only place that a tenant comes from."""
    caller: Caller = request.state.caller
    return caller
