"""Set the status and end the process (spec 4.35)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import OrderRef
from automation.plan import Completed, Context, Failed, Plan


class ChangeStatus(Params):
    """A stage of the item's current pipeline."""

    new_status: OrderRef


def plan(context: Context, params: ChangeStatus) -> Plan:
    """Enter the stage; the process ends, also where the item stands on it already."""
    pipeline = context.tenant.pipelines.get((context.key.item_type, context.item.pipeline))
    if pipeline is None or not pipeline.has(params.new_status):
        return Failed("stage_not_in_pipeline")
    return Completed(to_stage=params.new_status, ends=True)


ENTRY = Entry(
    id="bp_change_status",
    kind="action",
    group="moves",
    title="Change status",
    description="Sets the stage of the item and ends the process that runs it; other processes go on.",
    spec="4.35",
    types=STAGED,
    params=ChangeStatus,
    plan=plan,
    ends_process=True,
)
