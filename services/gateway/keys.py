"""API keys: each belongs to one tenant and has roles; only their hashes are kept (design section 1)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast, get_args

from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database

Role: TypeAlias = Literal["read", "write", "define", "pay"]
ROLES: tuple[Role, ...] = get_args(Role)

TABLE = """CREATE TABLE IF NOT EXISTS api_keys (
    digest TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL)"""

_ADD = """INSERT INTO api_keys (digest, tenant, name, roles, created_at, revoked_at)
    VALUES (:digest, :tenant, :name, :roles, :created_at, 0) ON CONFLICT (digest) DO NOTHING"""
_FIND = "SELECT tenant, name, roles FROM api_keys WHERE digest = :digest AND revoked_at = 0"
_LIST = "SELECT tenant, name, roles, created_at, revoked_at FROM api_keys ORDER BY tenant, name, created_at"
_REVOKE = """UPDATE api_keys SET revoked_at = :now WHERE tenant = :tenant AND name = :name AND revoked_at = 0
    RETURNING digest"""
_PREFIX = "sw_"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_RANDOM_BYTES = 32
_LONGEST_KEY = 200
_FRESH_MS = 30_000
_MOST_CACHED = 10_000


class Caller(NamedTuple):
    """Who sends a request."""

    tenant: str
    name: str
    roles: frozenset[Role]


class KeyRow(NamedTuple):
    """One key as it is listed; the key itself is nowhere kept."""

    tenant: str
    name: str
    roles: str
    created_at: Moment
    revoked_at: Moment


class Keys(Protocol):
    """Finds the caller behind a key. Methods block: call them in a thread unless `known` answers."""

    def find(self, key: str) -> Caller | None:
        """Return who a key belongs to, `None` for an unknown or revoked one."""
        ...

    def known(self, key: str) -> Caller | None:
        """Return the caller if it was looked up moments ago: needs no thread."""
        ...


def new_key() -> str:
    """Return a fresh key: 32 random bytes as text."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of(key: str) -> str:
    """Return what is kept of a key; a slow hash is not needed for 256 random bits."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """Return roles by name; raises `ValueError` for an unknown one."""
    wanted = frozenset(names)
    if wrong := sorted(wanted - set(ROLES)):
        raise ValueError(f"there is no role {wrong[0]!r}; there are {', '.join(ROLES)}")
    return cast("frozenset[Role]", wanted)


class SqlKeys:
    """Keys in a table. A revoked key or a changed role takes effect within 30 s on every gateway."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._now: Callable[[], Moment] = clock.now
        self._cache: dict[str, tuple[Caller, Moment]] = {}
        database.create((TABLE,))

    def find(self, key: str) -> Caller | None:
        """See `Keys`."""
        if not key.startswith(_PREFIX) or len(key) > _LONGEST_KEY:
            return None
        digest = digest_of(key)
        rows = self._database.read(_FIND, {"digest": digest})
        if not rows:
            self._cache.pop(digest, None)
            return None
        caller = Caller(rows[0]["tenant"], rows[0]["name"], roles_of(rows[0]["roles"].split()))
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[digest] = (caller, self._now() + _FRESH_MS)
        return caller

    def known(self, key: str) -> Caller | None:
        """See `Keys`."""
        found = self._cache.get(digest_of(key))
        return found[0] if found and found[1] > self._now() else None

    def add(self, key: str, tenant: str, name: str, roles: Iterable[str]) -> None:
        """Keep a key's hash; the same key again changes nothing."""
        if not _TENANT.fullmatch(tenant):
            raise ValueError(
                "a tenant is up to 100 letters, digits, '.', '_' and '-', beginning with one of the first two"
            )
        values = {"tenant": tenant, "name": name, "roles": " ".join(sorted(roles_of(roles)))}
        with self._database.transaction() as transaction:
            transaction.run(_ADD, {**values, "digest": digest_of(key), "created_at": self._now()})

    def revoke(self, tenant: str, name: str) -> int:
        """Revoke a tenant's keys of this name and return how many."""
        with self._database.transaction() as transaction:
            return len(transaction.all(_REVOKE, {"tenant": tenant, "name": name, "now": self._now()}))

    def rows(self) -> list[KeyRow]:
        """Return all keys, revoked ones included."""
        return [KeyRow(**row) for row in self._database.read(_LIST)]
