"""Plan a meeting with the client (spec 4.41, 3.3 `schedule_client_meeting`)."""

from __future__ import annotations

from automation.appointments import ScheduleMeeting, meeting
from automation.catalogue import Entry
from automation.envelope import STAGED

ENTRY = Entry(
    id="schedule_client_meeting",
    kind="rule",
    group="client",
    title="Schedule meeting",
    description="Plans a meeting with the client, tells the employee who meets the client, and reminds him or her.",
    spec="4.41",
    types=STAGED,
    params=ScheduleMeeting,
    results={"activity_id": "string"},
    plan=meeting,
)
