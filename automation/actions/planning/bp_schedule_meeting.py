"""Plan a meeting with the client, as a step of a process (spec 4.41)."""

from __future__ import annotations

from automation.appointments import ScheduleMeeting, meeting
from automation.catalogue import Entry
from automation.envelope import CRM_ALL

ENTRY = Entry(
    id="bp_schedule_meeting",
    kind="action",
    group="planning",
    title="Schedule meeting",
    description="Plans a meeting with the client, tells the employee who meets the client, and reminds him or her.",
    spec="4.41",
    types=CRM_ALL,
    params=ScheduleMeeting,
    results={"activity_id": "string"},
    plan=meeting,
)
