"""Wait until a deal reaches a stage (spec 4.28)."""

from __future__ import annotations

from automation.actions.waits._stage import await_stage
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.params import RecordRef, StageRefs
from automation.plan import Context, Plan


class WaitForDealStage(Params):
    """Which deal, the current one unless another is named, and which stages."""

    deal_id: RecordRef = ""
    stages: StageRefs


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
