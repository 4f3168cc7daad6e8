"""The bookings of an item: where they are kept, and what becomes of them when it is deleted (spec 4.8, 4.42)."""

from __future__ import annotations

from automation.envelope import Key, stable_id
from automation.items.effects import ItemAsked
from automation.items.turn import Turn
from automation.records.asking import id_of

CALENDAR = "booking_calendar"
"""The type of record that keeps the bookings of a field."""


def calendar_of(key: Key, field: str) -> tuple[str, str]:
    """Return type and id of the calendar of a field: one for all items of the type."""
    return CALENDAR, id_of(key.item_type, field)


def named(key: Key) -> str:
    """Return what a calendar calls an item."""
    return f"{key.item_type}/{key.item_id}"


def free(turn: Turn) -> None:
    """Free what is booked for an item that is deleted, a booking that is being made included."""
    for field in turn.view.fields(turn.key.item_type).values():
        if field.type == "resource_booking":
            target = Key(turn.key.tenant, *calendar_of(turn.key, field.code)).text
            effect_id = stable_id("fact", "release", turn.key_text, turn.state.version, target)
            args = {"item": named(turn.key), "reason": "item_deleted"}
            turn.emit(ItemAsked(effect_id, "", target, "release", args))
