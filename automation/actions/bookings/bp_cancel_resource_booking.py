"""Cancel the bookings in a field of the item (spec 4.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from automation.actions.bookings._field import flaw_of
from automation.catalogue import Entry, Params
from automation.envelope import CRM_ALL
from automation.items.bookings import calendar_of, named
from automation.items.events import FieldsChanged
from automation.items.parts import FieldChange
from automation.params import Takes
from automation.plan import Completed, Context, Failed, Plan, Skipped
from automation.records.asking import ask, settled
from automation.scope import Schema
from automation.values import Value

PLACE = "booking"
NOTHING = "nothing_booked"


class CancelResourceBooking(Params):
    """The field whose bookings are cancelled."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"field": "visit"}
    field: Annotated[str, Takes("string", "single_line")]

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require a field of type resource booking."""
        yield from flaw_of(raw, schema)


def plan(context: Context, params: CancelResourceBooking) -> Plan:
    """Let the calendar of the field free what is booked for the item; it knows better than the field what that is."""
    answer = context.answer(PLACE)
    if answer is None:
        if params.field not in context.tenant.bookable(context.key.item_type):
            return Failed("invalid_value:field")
        args = {"item": named(context.key), "reason": "cancelled"}
        return ask(context, PLACE, calendar_of(context.key, params.field), "release", args)
    if answer.reason == "item_not_found":
        return Skipped(NOTHING)
    return _released(context, params.field, answer.results.get("released")) if answer.ok else settled(answer)


def _released(context: Context, field: str, released: Value) -> Plan:
    old, gone = context.item.fields.get(field), released if isinstance(released, tuple) else ()
    held = tuple(name for name in old if name not in gone) if isinstance(old, tuple) else ()
    new = held or None
    return Completed(events=(FieldsChanged((FieldChange(field, old, new),)),) if new != old else ())


ENTRY = Entry(
    id="bp_cancel_resource_booking",
    kind="action",
    group="bookings",
    title="Cancel booking",
    description="Frees the employees who are booked in a field of the item.",
    spec="4.8",
    types=CRM_ALL,
    params=CancelResourceBooking,
    plan=plan,
)
