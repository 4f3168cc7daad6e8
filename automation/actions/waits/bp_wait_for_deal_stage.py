"""Wait until a deal reaches a stage (spec 4.28)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation.actions.waits._stage import await_stage, required
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.params import RecordRef, StageRefs
from automation.plan import Context, Plan
from automation.scope import Schema


class WaitForDealStage(Params):
    """Which deal, the current one unless another is named, and which stages."""

    deal_id: RecordRef = ""
    stages: StageRefs

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the deal where the process runs on something else."""
        yield from required(raw, "deal_id", schema, "deal")


def plan(context: Context, params: WaitForDealStage) -> Plan:
    """Wait for one of the stages, or a final one."""
    return await_stage(context, "deal", params.deal_id, params.stages, "reached_stage")


ENTRY = Entry(
    id="bp_wait_for_deal_stage",
    kind="action",
    group="waits",
    title="Wait for deal stage",
    description="Suspends the process until the deal reaches one of the stages, or a final one.",
    spec="4.28",
    types=PROCESSED,
    params=WaitForDealStage,
    results={"reached_stage": "string"},
    plan=plan,
)
