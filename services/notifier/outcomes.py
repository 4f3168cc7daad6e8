"""Reports how effects ended to their items, over `crm.changes`: at least once, with an id that makes it once."""

from __future__ import annotations

import asyncio

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame, ReportOutcome
from services.edge.stream import Output
from services.edge.tracing import joined
from services.notifier.gate import CONNECTION
from services.notifier.means import Means
from services.notifier.receipts import Pending
from services.notifier.rows import Outcome


class Reporter:
    """Sends pending outcomes; one that was sent but not marked is sent again and dropped as a repeat by the engine."""

    def __init__(self, means: Means) -> None:
        self._ledger, self._codec, self._records, self._clock, self._metrics = means
        self._receipts = self._ledger.receipts

    async def turn(self) -> int:
        """Report a batch of outcomes and return its size; raises `Unavailable`, after which they come again."""
        outcomes = await asyncio.to_thread(self._ledger.outcomes, self._clock.now())
        if outcomes:
            asked = [one for one in outcomes if _has_asked(one)]
            await self._records.send([self._letter(one) for one in asked])
            await asyncio.to_thread(self._ledger.reported, outcomes)
            self._metrics.reported(one.status for one in outcomes)
        return len(outcomes) + await self._report_receipts()

    def _letter(self, outcome: Outcome) -> Output:
        letter = self._codec.write_outcome(frame_of(outcome), change_of(outcome))
        return joined(letter, outcome.trace.encode()) if outcome.trace else letter

    async def _report_receipts(self) -> int:
        receipts = await asyncio.to_thread(self._receipts.pending)
        if receipts:
            asked = [one for one in map(outcome_of, receipts) if _has_asked(one)]
            letters = [self._codec.write_outcome(_receipt_frame(one), change_of(one)) for one in asked]
            await self._records.send(letters)
            await asyncio.to_thread(self._receipts.reported, receipts)
        return len(receipts)


def _has_asked(outcome: Outcome) -> bool:
    """Say whether an item waits for the outcome: a test was asked for by people, who look at its state."""
    return Key.parse(outcome.item_key).item_type != CONNECTION


def outcome_of(receipt: Pending) -> Outcome:
    """Return what an item is told of a receipt: a later outcome of the same effect, which decides nothing any more."""
    status = "completed" if receipt.fate == "delivered" else "failed"
    reason = "" if receipt.fate == "delivered" else "delivery"
    return Outcome(
        receipt.tenant, receipt.effect_id, receipt.item_key, receipt.run_id, status, reason,
        {"delivery": receipt.fate}, receipt.tries, receipt.cause_id, receipt.root_id, receipt.depth,
        receipt.received_at,
    )  # fmt: skip


def _receipt_frame(outcome: Outcome) -> ChangeFrame:
    change_id = stable_id("receipt", outcome.tenant, outcome.effect_id)
    return frame_of(outcome)._replace(change_id=change_id)


def frame_of(outcome: Outcome) -> ChangeFrame:
    """Return the frame of an outcome: its change id depends on effect and status alone."""
    tenant, item_type, item_id = Key.parse(outcome.item_key)
    return ChangeFrame(
        change_id=stable_id("outcome", outcome.tenant, outcome.effect_id, outcome.status),
        tenant=tenant,
        item_type=item_type,
        item_id=item_id,
        occurred_at=outcome.settled_at,
        source="system",
        actor="system",
        source_seq=0,
        cause_id=outcome.cause_id,
        root_id=outcome.root_id,
        depth=outcome.depth,
        definitions_version=0,
        signature=b"",
    )


def change_of(outcome: Outcome) -> ReportOutcome:
    """Return the outcome as a change."""
    return ReportOutcome(
        effect_id=outcome.effect_id,
        run_id=outcome.run_id,
        status=outcome.status,
        reason=outcome.reason,
        results=dict(outcome.results),
        tries=outcome.tries,
    )
