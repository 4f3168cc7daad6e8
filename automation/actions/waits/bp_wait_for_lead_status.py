"""Wait until a lead has a status (spec 4.29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from automation.actions.waits._stage import await_stage, required
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.params import OrderRef, RecordRef
from automation.plan import Context, Plan
from automation.scope import Schema


class WaitForLeadStatus(Params):
    """Which lead, the current one unless another is named, and which status."""

    EXAMPLE = MappingProxyType({"lead_id": "lead-1"})
    lead_id: RecordRef = ""
    status: OrderRef

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the lead where the process runs on something else."""
        yield from required(raw, "lead_id", schema, "lead")


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
