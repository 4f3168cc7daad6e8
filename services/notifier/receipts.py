"""What providers report of messages that they took: delivered, or failed after all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from automation.values import Moment
from services.edge.sql import Database
from services.notifier.provider import Fate

_INSERT = """
    INSERT INTO receipts (tenant, effect_id, fate, detail, received_at, reported)
    SELECT tenant, effect_id, :fate, :detail, :now, 0 FROM ledger
    WHERE tenant = :tenant AND effect_id = :effect_id AND state IN ('sending', 'sent', 'unknown')
    ON CONFLICT (tenant, effect_id) DO NOTHING RETURNING effect_id"""

_KNOWN = "SELECT effect_id FROM receipts WHERE tenant = :tenant AND effect_id = :effect_id"

# Behind the first outcome: an item learns that a message was sent before it learns what became of it.
_PENDING = """
    SELECT r.tenant, r.effect_id, r.fate, r.detail, r.received_at, l.item_key, l.run_id, l.tries, l.cause_id,
        l.root_id, l.depth
    FROM receipts r JOIN ledger l ON l.tenant = r.tenant AND l.effect_id = r.effect_id
    WHERE r.reported = 0 AND l.outcome = 'sent' ORDER BY r.received_at LIMIT :most"""

_REPORTED = "UPDATE receipts SET reported = 1 WHERE tenant = :tenant AND effect_id = :effect_id"

_PURGE = "DELETE FROM receipts WHERE reported = 1 AND received_at < :before"


class Pending(NamedTuple):
    """A receipt that its item has yet to learn."""

    tenant: str
    effect_id: str
    fate: Fate
    detail: str
    received_at: Moment
    item_key: str
    run_id: str
    tries: int
    cause_id: str
    root_id: str
    depth: int


class Receipts:
    """The first final report of each message counts. Methods block: call them in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, tenant: str, effect_id: str, fate: Fate, detail: str, now: Moment) -> bool:
        """Note a report; `False` for a message that was never handed to a provider."""
        place = {"tenant": tenant, "effect_id": effect_id}
        with self._database.transaction() as transaction:
            new = transaction.all(_INSERT, {**place, "fate": fate, "detail": detail[:200], "now": now})
            return bool(new or transaction.all(_KNOWN, place))

    def pending(self, most: int = 200) -> list[Pending]:
        """Return receipts to report; those not marked as reported come again."""
        return [Pending(**row) for row in self._database.read(_PENDING, {"most": most})]

    def reported(self, receipts: Sequence[Pending]) -> None:
        """Mark receipts as reported."""
        with self._database.transaction() as transaction:
            transaction.run_many(_REPORTED, [{"tenant": r.tenant, "effect_id": r.effect_id} for r in receipts])

    def purge(self, before: Moment) -> None:
        """Delete what was reported before a moment."""
        with self._database.transaction() as transaction:
            transaction.run(_PURGE, {"before": before})
