"""Enrolments: a list of items that is worked off at a rate, by any gateway, and goes on after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from eventsourcing.persistence import IntegrityError

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame, EnrolItem
from automation.values import Moment
from services.edge.clock import Clock
from services.edge.sql import Database, Transaction
from services.gateway.sending import Letter, Outbox

TABLES = (
    """CREATE TABLE IF NOT EXISTS enrolments (
        id TEXT NOT NULL PRIMARY KEY, tenant TEXT NOT NULL, rule_id TEXT NOT NULL, rule_version BIGINT NOT NULL,
        item_type TEXT NOT NULL, asked_by TEXT NOT NULL, per_second BIGINT NOT NULL, total BIGINT NOT NULL,
        sent BIGINT NOT NULL, status TEXT NOT NULL, created_at BIGINT NOT NULL, due_at BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS enrolment_items (
        enrolment_id TEXT NOT NULL, place BIGINT NOT NULL, item_id TEXT NOT NULL, PRIMARY KEY (enrolment_id, place))""",
    "CREATE INDEX IF NOT EXISTS enrolments_tenant ON enrolments (tenant, created_at)",
    "CREATE UNIQUE INDEX IF NOT EXISTS enrolments_running ON enrolments (tenant) WHERE status = 'running'",
)
MOST_ITEMS = 100_000
SLICE_MS = 1_000
"""A slice of an enrolment is what it may take in this time; no gateway takes the next one before."""
_POLL_SECONDS = 0.5
_MOST_LISTED = 100

_ADD = """INSERT INTO enrolments (id, tenant, rule_id, rule_version, item_type, asked_by, per_second, total, sent,
    status, created_at, due_at) VALUES (:id, :tenant, :rule_id, :rule_version, :item_type, :asked_by, :per_second,
    :total, 0, :status, :now, :now)"""
_ADD_ITEM = "INSERT INTO enrolment_items (enrolment_id, place, item_id) VALUES (:id, :place, :item_id)"
_FIND = "SELECT * FROM enrolments WHERE tenant = :tenant AND id = :id"
_LIST = "SELECT * FROM enrolments WHERE tenant = :tenant ORDER BY created_at DESC, id LIMIT :most"
_CANCEL = """UPDATE enrolments SET status = 'cancelled' WHERE tenant = :tenant AND id = :id AND status = 'running'
    RETURNING id"""
_CLAIM = """UPDATE enrolments SET due_at = :until WHERE status = 'running' AND due_at <= :now AND id =
    (SELECT id FROM enrolments WHERE status = 'running' AND due_at <= :now ORDER BY due_at, id LIMIT 1) RETURNING *"""
_SLICE = """SELECT item_id FROM enrolment_items WHERE enrolment_id = :id AND place >= :sent AND place < :upto
    ORDER BY place"""
_SENT = """UPDATE enrolments SET sent = :upto,
    status = CASE WHEN status = 'running' AND :upto >= total THEN 'done' ELSE status END
    WHERE id = :id AND sent = :sent"""


class Enrolment(NamedTuple):
    """One enrolment; `status` is `running`, `done` (all asked for) or `cancelled`."""

    id: str
    tenant: str
    rule_id: str
    rule_version: int
    item_type: str
    asked_by: str
    per_second: int
    total: int
    sent: int
    status: str
    created_at: Moment
    due_at: Moment


class RunningError(Exception):
    """The tenant has an enrolment that is not done: two would share no budget."""


class Enrolments:
    """The table of enrolments. Methods block: call them in a thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._now: Callable[[], Moment] = clock.now
        database.create(TABLES)

    def add(self, made: Enrolment, item_ids: Sequence[str]) -> None:
        """Keep an enrolment with its items; raises `RunningError` while another one of the tenant runs."""
        try:
            with self._database.transaction() as transaction:
                self._add(transaction, made, item_ids)
        except IntegrityError as error:
            raise RunningError(made.tenant) from error

    def _add(self, transaction: Transaction, made: Enrolment, item_ids: Sequence[str]) -> None:
        status = "running" if item_ids else "done"
        values = {**made._asdict(), "total": len(item_ids), "status": status, "now": self._now()}
        for unused in ("sent", "created_at", "due_at"):
            del values[unused]
        transaction.run(_ADD, values)
        rows = [{"id": made.id, "place": place, "item_id": item_id} for place, item_id in enumerate(item_ids)]
        if rows:
            transaction.run_many(_ADD_ITEM, rows)

    def find(self, tenant: str, name: str) -> Enrolment | None:
        """Return an enrolment of a tenant."""
        rows = self._database.read(_FIND, {"tenant": tenant, "id": name})
        return Enrolment(**rows[0]) if rows else None

    def listed(self, tenant: str) -> list[Enrolment]:
        """Return a tenant's last enrolments, newest first."""
        return [Enrolment(**row) for row in self._database.read(_LIST, {"tenant": tenant, "most": _MOST_LISTED})]

    def cancel(self, tenant: str, name: str) -> bool:
        """Take no more items; those that were asked for run on. Say whether it was running."""
        with self._database.transaction() as transaction:
            return bool(transaction.all(_CANCEL, {"tenant": tenant, "id": name}))

    def claim(self) -> tuple[Enrolment, list[str]] | None:
        """Take the next slice that is due, for this process alone; `None` where none is."""
        now = self._now()
        with self._database.transaction() as transaction:
            rows = transaction.all(_CLAIM, {"now": now, "until": now + SLICE_MS})
            if not rows:
                return None
            found = Enrolment(**rows[0])
            upto = found.sent + found.per_second
            items = transaction.all(_SLICE, {"id": found.id, "sent": found.sent, "upto": upto})
        return found, [row["item_id"] for row in items]

    def sent(self, slice_of: Enrolment, count: int) -> None:
        """Remember that a slice was asked for."""
        values = {"id": slice_of.id, "sent": slice_of.sent, "upto": slice_of.sent + count}
        with self._database.transaction() as transaction:
            transaction.run(_SENT, values)


def letter_of(made: Enrolment, item_id: str, now: Moment, version: int) -> Letter:
    """Return the change that enrols an item: the same id whenever the slice is sent again."""
    key = Key(made.tenant, made.item_type, item_id)
    change_id = stable_id("enrol", made.id, key.text)
    frame = ChangeFrame(
        change_id, *key, now, "manual", f"user:{made.asked_by}", 0, "", change_id, 0, version, b""
    )  # fmt: skip
    return Letter("items", frame, EnrolItem(made.rule_id, made.rule_version, made.id, made.asked_by))


class EnrolmentWorker:
    """Works enrolments off, a slice at a time; several gateways share the work."""

    def __init__(self, table: Enrolments, outbox: Outbox, clock: Clock, version: Callable[[], int]) -> None:
        self._table, self._outbox, self._now, self._version = table, outbox, clock.now, version

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
        letters = [letter_of(made, item_id, self._now(), self._version()) for item_id in items]
        fates = await self._outbox.send(letters)
        if "unavailable" not in fates:
            await asyncio.to_thread(self._table.sent, made, len(items))
        return True


def as_data(made: Enrolment) -> dict[str, Any]:
    """Return an enrolment as it is shown."""
    shown = made._asdict()
    for hidden in ("tenant", "due_at"):
        del shown[hidden]
    return shown
