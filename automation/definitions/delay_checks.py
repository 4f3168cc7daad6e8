"""Cross checks of a rule's delay: the field that it follows, and the calendar that it counts by (spec 1.4)."""

from __future__ import annotations

from collections.abc import Iterator

from automation.definitions.calendars import COMPANY
from automation.definitions.checks import Found
from automation.definitions.models import Rule
from automation.definitions.tenant_view import TenantView
from automation.definitions.time_models import FieldDelay, WorkingDelay


def delay(made: Rule, view: TenantView) -> Iterator[Found]:
    """Check the delay of a rule; a plain one is right by itself."""
    wait = made.delay
    if isinstance(wait, FieldDelay):
        yield from _field(made.item_type, wait, view)
    by_calendar = isinstance(wait, WorkingDelay) or (isinstance(wait, FieldDelay) and wait.working)
    if by_calendar and ("calendar", COMPANY) not in view.current:
        yield Found("delay", "no_calendar", f"working time needs a calendar with the id {COMPANY!r}")


def _field(item_type: str, wait: FieldDelay, view: TenantView) -> Iterator[Found]:
    field = view.fields(item_type).get(wait.field)
    if field is None:
        yield Found("delay.field", "unknown_field", f"items of type {item_type} have no field {wait.field!r}")
    elif field.type not in ("date", "datetime") or field.multiple:
        yield Found("delay.field", "no_date", f"the field {wait.field!r} holds no date")
    elif wait.at and field.type == "datetime":
        yield Found("delay.at", "no_clock", f"the field {wait.field!r} has a clock time of its own")
