"""Answers kept by Idempotency-Key for a day, so that a repeat gets the same answer and does nothing (IETF draft 07)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import Request
from starlette.responses import Response

from automation.envelope import stable_id
from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database
from services.gateway.problems import Problem

TABLE = """CREATE TABLE IF NOT EXISTS idempotency (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    status BIGINT NOT NULL,
    body BLOB NOT NULL,
    media TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (tenant, name))"""
INDEX = "CREATE INDEX IF NOT EXISTS idempotency_until ON idempotency (until)"

KEPT_MS = 24 * 60 * 60 * 1_000
LEASE_MS = 30_000
"""How long a request in flight holds its key; longer than any request takes."""
HEADER = "idempotency-key"
_LONGEST = 255
_SWEEP_MS = 60_000

_CLAIM = """INSERT INTO idempotency (tenant, name, digest, status, body, media, until)
    VALUES (:tenant, :name, :digest, 0, :body, '', :until)
    ON CONFLICT (tenant, name) DO UPDATE SET digest = excluded.digest, status = 0, until = excluded.until
    WHERE idempotency.until < :now RETURNING digest"""
_FIND = "SELECT digest, status, body, media FROM idempotency WHERE tenant = :tenant AND name = :name"
_KEEP = """UPDATE idempotency SET status = :status, body = :body, media = :media, until = :until
    WHERE tenant = :tenant AND name = :name AND digest = :digest"""
_FREE = "DELETE FROM idempotency WHERE tenant = :tenant AND name = :name AND digest = :digest AND status = 0"
_SWEEP = "DELETE FROM idempotency WHERE until < :now"


class Kept(NamedTuple):
    """A kept answer; status 0 while its request is in flight."""

    digest: str
    status: int
    body: bytes
    media: str


class Answers:
    """The table of kept answers. Methods block: call them in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._now = clock.now
        self._swept: Moment = 0
        database.create((TABLE, INDEX))

    def claim(self, tenant: str, name: str, digest: str) -> Kept | None:
        """Take a key for a request, `None`; or return what is kept under it."""
        now, place = self._now(), {"tenant": tenant, "name": name}
        with self._database.transaction() as transaction:
            if now - self._swept > _SWEEP_MS:
                transaction.run(_SWEEP, {"now": now})
                self._swept = now
            values = {**place, "digest": digest, "body": b"", "until": now + LEASE_MS, "now": now}
            if transaction.all(_CLAIM, values):
                return None
            row = transaction.all(_FIND, place)[0]
        return Kept(row["digest"], row["status"], bytes(row["body"]), row["media"])

    def keep(self, tenant: str, name: str, answer: Kept) -> None:
        """Keep the answer of a finished request."""
        values = {**answer._asdict(), "tenant": tenant, "name": name, "until": self._now() + KEPT_MS}
        with self._database.transaction() as transaction:
            transaction.run(_KEEP, values)

    def free(self, tenant: str, name: str, digest: str) -> None:
        """Give a key back: its request led to nothing that has to be kept."""
        with self._database.transaction() as transaction:
            transaction.run(_FREE, {"tenant": tenant, "name": name, "digest": digest})


def key_of(request: Request) -> str:
    """Return the request's Idempotency-Key, empty without one; raises `Problem` (400)."""
    given = request.headers.getlist(HEADER)
    if not given:
        return ""
    if len(given) > 1 or not 1 <= len(given[0]) <= _LONGEST or not given[0].isprintable():
        raise Problem(400, "idempotency_key", f"send one Idempotency-Key of 1 to {_LONGEST} visible characters")
    return given[0]


def once_key(request: Request, tenant: str, place: int | None = None) -> str:
    """Return the change id that the Idempotency-Key stands for, of one place in a batch; empty without a key."""
    given = key_of(request)
    return stable_id("gateway-once", tenant, given, "" if place is None else place) if given else ""


async def once(answers: Answers, request: Request, tenant: str, work: Callable[[], Awaitable[Response]]) -> Response:
    """Do the work of a request, or return the answer that its key has got before.

    Only answers that took something (2xx) are kept; after any other the key is free, and since the change id follows
    from the key, doing the work again has no second effect.
    """
    name = key_of(request)
    if not name:
        return await work()
    digest = await _digest(request)
    kept = await asyncio.to_thread(answers.claim, tenant, name, digest)
    if kept is not None:
        return again(kept, digest)
    response: Response | None = None
    try:
        response = await work()
    finally:
        if response is None or not _to_keep(response):
            await asyncio.to_thread(answers.free, tenant, name, digest)
    if _to_keep(response):
        answer = Kept(digest, response.status_code, bytes(response.body), response.media_type or "")
        await asyncio.to_thread(answers.keep, tenant, name, answer)
    return response


def _to_keep(response: Response) -> bool:
    return response.status_code in (200, 201, 202)


async def _digest(request: Request) -> str:
    start = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(start + await request.body()).hexdigest()


def again(kept: Kept, digest: str) -> Response:
    """Return the kept answer once more; raises `Problem` where the key was used for another request."""
    if kept.digest != digest:
        raise Problem(422, "idempotency_key_reused", "this Idempotency-Key was used for another request")
    if not kept.status:
        raise Problem(409, "in_flight", "the first request with this key is not finished", headers={"Retry-After": "1"})
    return Response(kept.body, kept.status, {"Idempotency-Replayed": "true"}, media_type=kept.media)
