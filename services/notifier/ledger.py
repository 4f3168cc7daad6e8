"""The ledger of effects: every state of an effect is a row, every change of it one transaction (design section 3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from automation.values import Moment
from services.edge.sql import Database, Row
from services.notifier.policy import Mark
from services.notifier.quota import Quota
from services.notifier.receipts import Receipts
from services.notifier.rows import Backlog, Claim, Entry, NewEffect, Outcome

OUTCOME_LEASE: Final = 15_000
"""Milliseconds that a process has for reporting an outcome before another one may report it too."""

INSERT: Final = """
    INSERT INTO ledger (tenant, effect_id, channel, item_key, run_id, payload, state, tries, next_due, lease_owner,
        lease_until, provider_id, status, reason, detail, results, cause_id, root_id, depth, outcome, outcome_due,
        created_at, updated_at)
    VALUES (:tenant, :effect_id, :channel, :item_key, :run_id, :payload, 'queued', 0, :now, '',
        0, '', '', '', '', '{}', :cause_id, :root_id, :depth, 'none', 0,
        :now, :now)
    ON CONFLICT (tenant, effect_id) DO NOTHING"""

# In a materialized expression the LIMIT is applied once; in a plain subquery PostgreSQL may apply it per row.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT tenant AS t, effect_id AS e FROM ledger
        WHERE channel = :channel AND state = 'queued' AND next_due <= :now
        ORDER BY next_due LIMIT :most {locking})
    UPDATE ledger SET state = 'sending', tries = tries + 1, lease_owner = :owner, lease_until = :until,
        updated_at = :now
    FROM due WHERE tenant = t AND effect_id = e
    RETURNING tenant, effect_id, channel, item_key, payload, tries, lease_owner, lease_until, created_at"""

_EXPIRED = """
    SELECT tenant, effect_id, channel, item_key, payload, tries, lease_owner, lease_until, created_at FROM ledger
    WHERE channel = :channel AND state = 'sending' AND lease_until <= :now ORDER BY lease_until LIMIT :most"""

# The lease's owner and number must still be ours: a zombie's late answer changes nothing.
_SETTLE = """
    UPDATE ledger SET state = :state, next_due = :next_due, lease_until = 0, tries = tries - :untried,
        provider_id = :provider_id, status = :status, reason = :reason, detail = :detail, results = :results,
        outcome = CASE WHEN :status = '' THEN outcome ELSE 'pending' END, outcome_due = :now, updated_at = :now
    WHERE tenant = :tenant AND effect_id = :effect_id AND state = 'sending'
        AND lease_owner = :owner AND tries = :tries
    RETURNING effect_id"""

_OUTCOMES = """
    WITH due AS MATERIALIZED (
        SELECT tenant AS t, effect_id AS e FROM ledger WHERE outcome = 'pending' AND outcome_due <= :now
        ORDER BY outcome_due LIMIT :most {locking})
    UPDATE ledger SET outcome_due = :until FROM due WHERE tenant = t AND effect_id = e
    RETURNING tenant, effect_id, item_key, run_id, status, reason, results, tries, cause_id, root_id, depth,
        updated_at AS settled_at, COALESCE((SELECT trace FROM traces
            WHERE traces.tenant = ledger.tenant AND traces.effect_id = ledger.effect_id), '') AS trace"""

_KEEP_TRACE = """
    INSERT INTO traces (tenant, effect_id, trace) VALUES (:tenant, :effect_id, :trace)
    ON CONFLICT (tenant, effect_id) DO NOTHING"""

_DROP_TRACE = "DELETE FROM traces WHERE tenant = :tenant AND effect_id = :effect_id"

_REPORTED = """
    UPDATE ledger SET outcome = 'sent'
    WHERE tenant = :tenant AND effect_id = :effect_id AND outcome = 'pending' AND status = :status"""

_ENTRIES = """
    SELECT tenant, effect_id, channel, item_key, run_id, state, tries, next_due, provider_id, status, reason, detail,
        outcome, created_at, updated_at FROM ledger
    WHERE tenant = :tenant AND item_key = :item_key ORDER BY created_at, effect_id LIMIT :most"""

_REDRIVE = """
    UPDATE ledger SET state = 'queued', tries = 0, next_due = :now, updated_at = :now
    WHERE tenant = :tenant AND effect_id = :effect_id AND state IN ('dead', 'failed')
        AND outcome <> 'pending'
    RETURNING effect_id"""

_BACKLOGS = """
    SELECT channel, COUNT(*) AS waiting, MIN(next_due) AS oldest_due FROM ledger
    WHERE state = 'queued' GROUP BY channel"""

_PURGE = """
    DELETE FROM ledger WHERE (tenant, effect_id) IN (
        SELECT tenant, effect_id FROM ledger
        WHERE outcome = 'sent' AND updated_at < :before AND state IN ('sent', 'delivered', 'failed', 'unknown', 'dead')
        LIMIT :most)
    RETURNING tenant, effect_id"""


class Ledger:
    """All that is done to the ledger. Methods block: call them in a thread. Moments are the caller's `now`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.receipts = Receipts(database)
        self.quota = Quota(database)
        locking = "FOR UPDATE SKIP LOCKED" if database.dialect == "postgresql" else ""
        self._claim, self._outcomes = _CLAIM.format(locking=locking), _OUTCOMES.format(locking=locking)

    def position(self, context: str) -> int | None:
        """Return the next Kafka offset to copy for a context, or `None` before the first copy."""
        return self._database.position(context)

    def copy(self, context: str, position: int, effects: Sequence[NewEffect], now: Moment) -> None:
        """Insert new effects and store the position behind them, as one transaction; known effects stay as they are.

        Raises `PositionRefusedError` when another owner of the partition was faster; then nothing is written.
        """
        with self._database.transaction() as transaction:
            transaction.advance(context, position)
            if effects:
                transaction.run_many(INSERT, [{**effect._asdict(), "now": now} for effect in effects])
            if traced := [effect._asdict() for effect in effects if effect.trace]:
                transaction.run_many(_KEEP_TRACE, traced)

    def claim(self, channel: str, owner: str, now: Moment, until: Moment, most: int) -> list[Claim]:
        """Take due rows for sending; they are ours until `until`, and committed before this returns."""
        with self._database.transaction() as transaction:
            rows = transaction.all(
                self._claim, {"channel": channel, "owner": owner, "now": now, "until": until, "most": most}
            )
        return [_claim(row) for row in rows]

    def expired(self, channel: str, now: Moment, most: int = 500) -> list[Claim]:
        """Return rows whose lease ran out: whether their call was made is unknown."""
        return [_claim(row) for row in self._database.read(_EXPIRED, {"channel": channel, "now": now, "most": most})]

    def settle(self, marks: Sequence[tuple[Claim, Mark]], now: Moment) -> int:
        """Write how calls ended and return how many rows were still ours; the others stay as they are."""
        with self._database.transaction() as transaction:
            return sum(len(transaction.all(_SETTLE, _settling(claim, mark, now))) for claim, mark in marks)

    def outcomes(self, now: Moment, most: int = 200) -> list[Outcome]:
        """Take outcomes to report; those not marked as reported come again after `OUTCOME_LEASE`."""
        with self._database.transaction() as transaction:
            rows = transaction.all(self._outcomes, {"now": now, "until": now + OUTCOME_LEASE, "most": most})
        return [Outcome(**{**row, "results": json.loads(row["results"])}) for row in rows]

    def reported(self, outcomes: Sequence[Outcome]) -> None:
        """Mark outcomes as reported."""
        with self._database.transaction() as transaction:
            transaction.run_many(
                _REPORTED, [{"tenant": o.tenant, "effect_id": o.effect_id, "status": o.status} for o in outcomes]
            )

    def entries(self, tenant: str, item_key: str, most: int = 500) -> list[Entry]:
        """Return the effects of one item, oldest first."""
        found = self._database.read(_ENTRIES, {"tenant": tenant, "item_key": item_key, "most": most})
        return [Entry(**row) for row in found]

    def backlogs(self) -> list[Backlog]:
        """Return what waits, per channel that has anything waiting."""
        return [Backlog(**row) for row in self._database.read(_BACKLOGS)]

    def purge(self, before: Moment, most: int = 1_000) -> int:
        """Delete rows that ended before a moment and were reported; return how many.

        `before` must lie behind all that Kafka can still deliver: a row is what makes a repeat harmless.
        """
        with self._database.transaction() as transaction:
            gone = transaction.all(_PURGE, {"before": before, "most": most})
            transaction.run_many(_DROP_TRACE, gone)
        return len(gone)

    def redrive(self, tenant: str, effect_id: str, now: Moment) -> bool:
        """Queue a dead or refused effect again under its key; one of unknown fate is never queued by this."""
        with self._database.transaction() as transaction:
            return bool(transaction.all(_REDRIVE, {"tenant": tenant, "effect_id": effect_id, "now": now}))


def _claim(row: Row) -> Claim:
    return Claim(**{**row, "payload": bytes(row["payload"])})


def _settling(claim: Claim, mark: Mark, now: Moment) -> dict[str, object]:
    values = {**mark._asdict(), "results": json.dumps(dict(mark.results))}
    return values | {
        "tenant": claim.tenant,
        "effect_id": claim.effect_id,
        "owner": claim.lease_owner,
        "tries": claim.tries,
        "now": now,
    }
