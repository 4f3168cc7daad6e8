"""Messages of a tenant as people see them: queued, sending, sent, delivered or failed, with the provider's own id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from automation.values import Moment
from services.edge.sql import Database
from services.notifier.ledger import INSERT
from services.notifier.rows import NewEffect

_STATE = "CASE WHEN r.fate IS NULL THEN l.state ELSE r.fate END"

_LIST = f"""
    SELECT l.effect_id, l.channel, l.item_key, l.run_id, {_STATE} AS state, l.tries, l.next_due, l.provider_id,
        l.reason, CASE WHEN r.fate IS NULL THEN l.detail ELSE r.detail END AS detail, l.created_at, l.updated_at
    FROM ledger l LEFT JOIN receipts r ON r.tenant = l.tenant AND r.effect_id = l.effect_id
    WHERE l.tenant = :tenant AND (:item_key = '' OR l.item_key = :item_key)
        AND (:channel = '' OR l.channel = :channel) AND (:state = '' OR {_STATE} = :state)
        AND (l.created_at, l.effect_id) < (:before_at, :before_id)
    ORDER BY l.created_at DESC, l.effect_id DESC LIMIT :most"""  # noqa: S608 - nothing in it comes from outside

LAST: tuple[Moment, str] = (2**62, "")


class Query(NamedTuple):
    """Which messages to list; an empty text is any. `before` is (created_at, effect_id) of the last one seen."""

    item_key: str = ""
    channel: str = ""
    state: str = ""
    before: tuple[Moment, str] = LAST
    most: int = 50


class SentMessage(NamedTuple):
    """One message; texts and recipients stay in the effect."""

    effect_id: str
    channel: str
    item_key: str
    run_id: str
    state: str
    """`queued`, `sending`, `sent`, `delivered`, `failed`, `unknown` or `dead`."""
    tries: int
    next_due: Moment
    provider_id: str
    reason: str
    detail: str
    created_at: Moment
    updated_at: Moment


class SentMessages:
    """Reads the ledger for people, and queues what they ask for by hand. Methods block: call them in a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: str, query: Query) -> Sequence[SentMessage]:
        """Return a page of a tenant's messages, newest first."""
        values = query._asdict() | {"tenant": tenant, "before_at": query.before[0], "before_id": query.before[1]}
        del values["before"]
        return [SentMessage(**row) for row in self._database.read(_LIST, values)]

    def enqueue(self, effect: NewEffect, now: Moment) -> None:
        """Queue a message that no item asked for; one of the same id stays as it is."""
        with self._database.transaction() as transaction:
            transaction.run(INSERT, {**effect._asdict(), "now": now})
