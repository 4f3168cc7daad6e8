"""A list of things that is worked off at a rate, by any gateway, and goes on after a restart."""

# ruff: noqa: S608 - statements are put together from names of this package alone

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, get_type_hints

from eventsourcing.persistence import IntegrityError, PersistenceError

from automation.values import Moment
from services.edge.clock import Clock
from services.edge.log import logger
from services.edge.sql import Database, Transaction
from services.gateway.problems import Problem
from services.gateway.sending import Letter, Outbox

SLICE_MS = 1_000
"""A slice of a list is what it may take in this time; no gateway takes the next one before."""
MOST_ITEMS = 100_000
_POLL_SECONDS = 0.5
_MOST_LISTED = 100


class Work(Protocol):
    """What is known of every list; `status` is `running`, `done` (all asked for) or `cancelled`."""

    @property
    def id(self) -> str:
        """Name of the list."""
        ...

    @property
    def tenant(self) -> str:
        """Whose it is."""
        ...

    @property
    def per_second(self) -> int:
        """How fast it is worked off."""
        ...

    @property
    def sent(self) -> int:
        """How much of it was asked for."""
        ...

    def _asdict(self) -> dict[str, Any]: ...


W = TypeVar("W", bound=Work)


class RunningError(Exception):
    """The tenant has a list that is not done: two would share no budget."""


class Worklist(Generic[W]):
    """Lists of one kind, a table with a row for each, and one with what is on them. Methods block: use a thread.

    `row` is a named tuple, whose fields are the columns.
    """

    def __init__(self, database: Database, clock: Clock, name: str, row: type[Any]) -> None:
        self._database = database
        self._now: Callable[[], Moment] = clock.now
        self._row = row
        self._table, self._items, self._id = f"{name}s", f"{name}_items", f"{name}_id"
        database.create(self._tables())

    def _tables(self) -> tuple[str, ...]:
        hints = get_type_hints(self._row)
        columns = (f"{name} {'BIGINT' if hint is int else 'TEXT'} NOT NULL" for name, hint in hints.items())
        table, items = self._table, self._items
        return (
            f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}, PRIMARY KEY (id))",
            f"CREATE TABLE IF NOT EXISTS {items} ({self._id} TEXT NOT NULL, place BIGINT NOT NULL,"
            f" item_id TEXT NOT NULL, PRIMARY KEY ({self._id}, place))",
            f"CREATE INDEX IF NOT EXISTS {table}_tenant ON {table} (tenant, created_at)",
            f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_running ON {table} (tenant) WHERE status = 'running'",
        )

    def add(self, made: W, item_ids: Sequence[str]) -> None:
        """Keep a list with what is on it; raises `RunningError` while another one of the tenant runs."""
        try:
            with self._database.transaction() as transaction:
                self._add(transaction, made, item_ids)
        except IntegrityError as error:
            raise RunningError(made.tenant) from error

    def _add(self, transaction: Transaction, made: W, item_ids: Sequence[str]) -> None:
        now, status = self._now(), "running" if item_ids else "done"
        known = {"total": len(item_ids), "sent": 0, "status": status, "created_at": now, "due_at": now}
        values = {**made._asdict(), **known}
        names = ", ".join(f":{name}" for name in values)
        transaction.run(f"INSERT INTO {self._table} ({', '.join(values)}) VALUES ({names})", values)
        rows = [{"id": made.id, "place": place, "item_id": item_id} for place, item_id in enumerate(item_ids)]
        if rows:
            transaction.run_many(
                f"INSERT INTO {self._items} ({self._id}, place, item_id) VALUES (:id, :place, :item_id)", rows
            )

    def find(self, tenant: str, name: str) -> W | None:
        """Return a list of a tenant."""
        rows = self._database.read(
            f"SELECT * FROM {self._table} WHERE tenant = :tenant AND id = :id", {"tenant": tenant, "id": name}
        )
        return self._made(rows[0]) if rows else None

    def _made(self, row: Any) -> W:
        made: W = self._row(**row)
        return made

    def listed(self, tenant: str) -> list[W]:
        """Return a tenant's last lists, newest first."""
        statement = f"SELECT * FROM {self._table} WHERE tenant = :tenant ORDER BY created_at DESC, id LIMIT :most"
        return [self._made(row) for row in self._database.read(statement, {"tenant": tenant, "most": _MOST_LISTED})]

    def cancel(self, tenant: str, name: str) -> bool:
        """Take no more of a list; what was asked for runs on. Say whether it was running."""
        statement = (
            f"UPDATE {self._table} SET status = 'cancelled' WHERE tenant = :tenant AND id = :id"
            " AND status = 'running' RETURNING id"
        )
        with self._database.transaction() as transaction:
            return bool(transaction.all(statement, {"tenant": tenant, "id": name}))

    def claim(self) -> tuple[W, list[str]] | None:
        """Take the next slice that is due, for this process alone; `None` where none is."""
        now, table = self._now(), self._table
        claim = (
            f"UPDATE {table} SET due_at = :until WHERE status = 'running' AND due_at <= :now AND id = (SELECT id"
            f" FROM {table} WHERE status = 'running' AND due_at <= :now ORDER BY due_at, id LIMIT 1) RETURNING *"
        )
        slice_of = (
            f"SELECT item_id FROM {self._items} WHERE {self._id} = :id AND place >= :sent AND place < :upto"
            " ORDER BY place"
        )
        with self._database.transaction() as transaction:
            rows = transaction.all(claim, {"now": now, "until": now + SLICE_MS})
            if not rows:
                return None
            found = self._made(rows[0])
            place = {"id": found.id, "sent": found.sent, "upto": found.sent + found.per_second}
            items = transaction.all(slice_of, place)
        return found, [row["item_id"] for row in items]

    def sent(self, slice_of: W, count: int) -> None:
        """Remember that a slice was asked for."""
        statement = (
            f"UPDATE {self._table} SET sent = :upto,"
            " status = CASE WHEN status = 'running' AND :upto >= total THEN 'done' ELSE status END"
            " WHERE id = :id AND sent = :sent"
        )
        values = {"id": slice_of.id, "sent": slice_of.sent, "upto": slice_of.sent + count}
        with self._database.transaction() as transaction:
            transaction.run(statement, values)


class Worker(Generic[W]):
    """Works lists off, a slice at a time; several gateways share the work."""

    def __init__(self, table: Worklist[W], outbox: Outbox) -> None:
        self._table, self._outbox = table, outbox

    def letters(self, made: W, items: Sequence[str]) -> list[Letter]:
        """Return the changes for a slice, with the same ids whenever it is sent again; called in a thread."""
        raise NotImplementedError

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if not await self.step():
                await asyncio.sleep(_POLL_SECONDS)

    async def step(self) -> bool:
        """Send one slice, if one is due, and say so. What Kafka did not confirm is sent again with the same ids."""
        claimed = await asyncio.to_thread(self._table.claim)
        if claimed is None:
            return False
        made, items = claimed
        try:
            letters = await asyncio.to_thread(self.letters, made, items)
        except (Problem, PersistenceError) as error:  # what it has to look at is away: the slice comes again
            logger().warning("worklist_waits", list=made.id, error=type(error).__name__)
            return False
        fates = await self._outbox.send(letters)
        if "unavailable" not in fates:
            await asyncio.to_thread(self._table.sent, made, len(items))
        return True


def as_data(made: Work) -> dict[str, Any]:
    """Return a list as it is shown."""
    shown = made._asdict()
    for hidden in ("tenant", "due_at"):
        del shown[hidden]
    return shown
