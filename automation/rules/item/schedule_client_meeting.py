"""Plan a meeting with the client (spec 4.41, 3.3 `schedule_client_meeting`)."""

from __future__ import annotations

from automation.activities import Schedule, schedule
from automation.catalogue import Entry
from automation.envelope import STAGED
from automation.params import Flag, Line
from automation.plan import Context, Plan


class ScheduleMeeting(Schedule):
    """Besides what a call takes: the place, and whether the meeting is over when the status changes."""

    place: Line = ""
    complete_on_status_change: Flag = False


def plan(context: Context, params: ScheduleMeeting) -> Plan:
    """Plan the meeting and tell the employee; it takes an hour unless an end is given."""
    return schedule(context, "meeting", params, params.place, ends_with_status=params.complete_on_status_change)


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
    plan=plan,
)
