"""Book employees in a field of the item (spec 4.42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from automation.actions.bookings._field import flaw_of
from automation.catalogue import Entry, Params
from automation.envelope import CRM_ALL
from automation.items.bookings import calendar_of, named
from automation.items.door import FIRST_MOMENT, LAST_MOMENT
from automation.items.events import FieldsChanged
from automation.items.parts import FieldChange
from automation.params import Line, Principals, Takes, Time
from automation.people import expand
from automation.plan import Completed, Context, Failed, Plan
from automation.records.asking import ask, settled
from automation.scope import Schema

MINUTE = 60_000
PLACE = "booking"


class BookResource(Params):
    """Who is booked, when, for how many minutes, and for which service."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"field": "visit"}
    field: Annotated[str, Takes("string", "single_line")]
    service: Line = ""
    start: Time
    duration: Annotated[int, Takes("int"), Field(ge=1, le=527_040)]
    employees: Principals

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require a field of type resource booking, and one of its lengths."""
        yield from flaw_of(raw, schema)
        lengths, duration = schema.bookable.get(str(raw.get("field"))), raw.get("duration")
        if lengths and isinstance(duration, int) and duration not in lengths:
            yield "duration", f"one of {', '.join(map(str, sorted(lengths)))} minutes is expected"


def plan(context: Context, params: BookResource) -> Plan:
    """Ask the calendar of the field; what it has booked is added to the item."""
    answer = context.answer(PLACE)
    if answer is not None:
        return _booked(context, params.field) if answer.ok else settled(answer)
    employees = expand(params.employees, context.tenant.directory, context.item_roles)
    end = params.start + params.duration * MINUTE
    lengths = context.tenant.bookable(context.key.item_type).get(params.field)
    if lengths is None:
        return Failed("invalid_value:field")
    if not FIRST_MOMENT <= params.start <= end <= LAST_MOMENT or end <= context.now:
        return Failed("invalid_value:start")
    if lengths and params.duration not in lengths:
        return Failed("invalid_value:duration")
    if not employees:
        return Failed("no_recipient")
    args = {
        "item": named(context.key), "service": params.service, "start": params.start, "end": end,
        "employees": employees,
    }  # fmt: skip
    return ask(context, PLACE, calendar_of(context.key, params.field), "book", args)


def _booked(context: Context, field: str) -> Plan:
    booking_id, old = context.effect_id(PLACE), context.item.fields.get(field)
    held = old if isinstance(old, tuple) else ()
    change = FieldChange(field, old, (*held, booking_id))
    return Completed({"booking_id": booking_id}, (FieldsChanged((change,)),))


ENTRY = Entry(
    id="bp_book_resource",
    kind="action",
    group="bookings",
    title="Book a resource",
    description="Occupies employees for a period, if all of them are free in the calendar of the field.",
    spec="4.42",
    types=CRM_ALL,
    params=BookResource,
    results={"booking_id": "string"},
    plan=plan,
)
