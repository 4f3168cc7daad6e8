"""Wait until a lead has a status (spec 4.29)."""

from __future__ import annotations

from automation.actions.waits._stage import await_stage
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.params import OrderRef, RecordRef
from automation.plan import Context, Plan


class WaitForLeadStatus(Params):
    """Which lead, the current one unless another is named, and which status."""

    lead_id: RecordRef = ""
    status: OrderRef


def plan(context: Context, params: WaitForLeadStatus) -> Plan:
    """Wait for the status, or a final one."""
    return await_stage(context, "lead", params.lead_id, (params.status,), "reached_status")


ENTRY = Entry(
    id="bp_wait_for_lead_status",
    kind="action",
    group="waits",
    title="Wait for lead status",
    description="Suspends the process until the lead has the status, or a final one.",
    spec="4.29",
    types=PROCESSED,
    params=WaitForLeadStatus,
    results={"reached_status": "string"},
    plan=plan,
)
