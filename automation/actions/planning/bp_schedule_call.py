"""Plan a call with the client, as a step of a process (spec 4.40)."""

from __future__ import annotations

from automation.appointments import Schedule, call
from automation.catalogue import Entry
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_schedule_call",
    kind="action",
    group="planning",
    title="Schedule call",
    description="Plans a call with the client and reminds the employee who calls.",
    spec="4.40",
    types=CRM_ALL,
    params=Schedule,
    results={"activity_id": "string"},
    plan=call,
)
