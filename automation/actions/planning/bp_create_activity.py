"""Give an employee work that stands in the item as planned (spec 4.1)."""

from __future__ import annotations

from dataclasses import replace

from automation.activities import Work, planned_by, work
from automation.catalogue import Entry
from automation.envelope import CRM_ALL
from automation.params import Flag
from automation.plan import Context, Plan


class CreateActivity(Work):
    """Besides what and by whom: whether it is over when the status changes."""

    complete_on_status_change: Flag = False


def plan(context: Context, params: CreateActivity) -> Plan:
    """Plan the activity; it has no time."""
    flagged = replace(
        work(context, "activity", params), complete_on_status_change=params.complete_on_status_change
    )  # fmt: skip
    return planned_by(context, flagged)


ENTRY = Entry(
    id="bp_create_activity",
    kind="action",
    group="planning",
    title="Activity",
    description="Plans an activity for an employee; it stands in the item's timeline.",
    spec="4.1",
    types=CRM_ALL,
    params=CreateActivity,
    results={"activity_id": "string"},
    plan=plan,
)
