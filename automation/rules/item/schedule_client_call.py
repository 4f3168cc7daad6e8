"""Plan a call with the client (spec 4.40, 3.3 `schedule_client_call`)."""

from __future__ import annotations

from automation.appointments import Schedule, call
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="schedule_client_call",
    kind="rule",
    group="client",
    title="Schedule call",
    description="Plans a call with the client and reminds the employee who calls.",
    spec="4.40",
    types=STAGED,
    params=Schedule,
    results={"activity_id": "string"},
    plan=call,
)
