"""Reports how effects ended to their items, over `crm.changes`: at least once, with an id that makes it once."""

from __future__ import annotations

import asyncio

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame, ReportOutcome
from services.notifier.means import Means
from services.notifier.rows import Outcome


class Reporter:
    """Sends pending outcomes; one that was sent but not marked is sent again and dropped as a repeat by the engine."""

    def __init__(self, means: Means) -> None:
        self._ledger, self._codec, self._records, self._clock, self._metrics = means

    async def turn(self) -> int:
        """Report a batch of outcomes and return its size; raises `Unavailable`, after which they come again."""
        outcomes = await asyncio.to_thread(self._ledger.outcomes, self._clock.now())
        if outcomes:
            await self._records.send([self._codec.write_outcome(frame_of(one), change_of(one)) for one in outcomes])
            await asyncio.to_thread(self._ledger.reported, outcomes)
            self._metrics.reported(one.status for one in outcomes)
        return len(outcomes)


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
