"""Calls and meetings with the client: the same for rules and process actions (spec 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from automation.activities import Work, personal, planned_by, work
from automation.items.activity_changes import LENGTHS
from automation.items.door import FIRST_MOMENT, LAST_MOMENT
from automation.items.planning import remind_at
from automation.params import Flag, Line, Takes, Time
from automation.plan import Context, Failed, Plan
from automation.values import Personal

UNITS: Mapping[str, int] = {"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
"""Milliseconds of each unit of a reminder."""


class Schedule(Work):
    """When, and how long before its start the responsible is reminded."""

    start: Time
    end: Annotated[int | None, Takes("datetime")] = None
    remind_in: Annotated[int | None, Takes("int"), Field(ge=0, le=1_000_000)] = None
    remind_unit: Literal["minutes", "hours", "days"] = "minutes"


class ScheduleMeeting(Schedule):
    """Besides what a call takes: the place, and whether the meeting is over when the status changes."""

    place: Line = ""
    complete_on_status_change: Flag = False


def call(context: Context, params: Schedule) -> Plan:
    """Plan a call; it takes half an hour unless an end is given."""
    return _schedule(context, "call", params)


def meeting(context: Context, params: ScheduleMeeting) -> Plan:
    """Plan a meeting and tell the employee; it takes an hour unless an end is given."""
    return _schedule(context, "meeting", params, params.place, ends_with_status=params.complete_on_status_change)


def _schedule(
    context: Context, kind: str, params: Schedule, place: str | Personal = "", *, ends_with_status: bool = False
) -> Plan:
    end = params.start + LENGTHS[kind] if params.end is None else params.end
    if not FIRST_MOMENT <= params.start <= LAST_MOMENT:
        return Failed("invalid_value:start")
    if not params.start <= end <= LAST_MOMENT:
        return Failed("invalid_period")
    remind = remind_at(params.start, _ahead(params))
    timed = replace(work(context, kind, params), start=params.start, end=end, remind_at=remind)
    return planned_by(context, replace(timed, place=personal(place), complete_on_status_change=ends_with_status))


def _ahead(params: Schedule) -> int | None:
    return None if params.remind_in is None else params.remind_in * UNITS[params.remind_unit]
