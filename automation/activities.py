"""What rules and process actions that plan a call or a meeting have in common (spec 4.40, 4.41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from automation.catalogue import Params
from automation.envelope import stable_id
from automation.items.activity_changes import LENGTHS
from automation.items.door import FIRST_MOMENT, LAST_MOMENT
from automation.items.parts import Activity
from automation.items.planning import planned, remind_at
from automation.params import Flag, Line, PlainText, Takes, Time, UserRef
from automation.people import one_of
from automation.plan import Completed, Context, Failed, Plan
from automation.values import Personal, plain

UNITS: Mapping[str, int] = {"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
"""Milliseconds of each unit of a reminder."""


class Schedule(Params):
    """What, when, and how long before its start the responsible is reminded."""

    subject: Line
    start: Time
    end: Annotated[int | None, Takes("datetime")] = None
    description: PlainText = ""
    remind_in: Annotated[int | None, Takes("int"), Field(ge=0, le=1_000_000)] = None
    remind_unit: Literal["minutes", "hours", "days"] = "minutes"
    responsible: UserRef = ""
    important: Flag = False


def schedule(
    context: Context, kind: str, params: Schedule, place: str | Personal = "", *, ends_with_status: bool = False
) -> Plan:
    """Plan a call or meeting; the responsible is the item's unless another is named."""
    end = params.start + LENGTHS[kind] if params.end is None else params.end
    if not FIRST_MOMENT <= params.start <= LAST_MOMENT:
        return Failed("invalid_value:start")
    if not params.start <= end <= LAST_MOMENT:
        return Failed("invalid_period")
    people, item = context.tenant.directory, context.item
    responsible = one_of(params.responsible, people, context.item_roles) or item.responsible
    activity = Activity(
        stable_id("activity", context.key.text, context.run_id), kind, _personal(params.subject),
        _personal(params.description), params.start, end, _personal(place), responsible, params.important,
        ends_with_status, remind_at(params.start, _ahead(params)),
    )  # fmt: skip
    author = item.responsible or "system"
    events = tuple(planned(context.tenant, context.key, context.now, activity, author))
    return Completed({"activity_id": activity.activity_id}, events)


def _ahead(params: Schedule) -> int | None:
    return None if params.remind_in is None else params.remind_in * UNITS[params.remind_unit]


def _personal(text: str | Personal) -> Personal:
    return Personal(str(plain(text)))
