"""Deals with a field of type resource booking (spec 4.8, 4.42)."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from tests.core.spec import PEOPLE, action, book_of, pipeline, put, template
from tests.core.world import World

NINE = 1_794_819_600_000
"""2026-11-16 09:00 UTC."""
HOUR = 3_600_000
FIELDS = tuple(
    m.Fields(
        item_type=item_type,
        fields=(
            m.FieldDef(code="visit", title="Visit", type="resource_booking", multiple=True, options=("30", "60")),
            m.FieldDef(code="repair", title="Repair", type="resource_booking", multiple=True),
            m.FieldDef(code="minutes", title="Minutes", type="int"),
            m.FieldDef(code="at", title="At", type="datetime"),
        ),
    )
    for item_type in ("deal", "lead")
)


def world(*names: str) -> World:
    """Return a world with deals, Ann being responsible."""
    made = World(book_of(pipeline(), pipeline("lead", "leads"), *PEOPLE, *FIELDS))
    for name in names:
        made.tell(f"deal/{name}", c.CreateItem({"title": f"Desk {name}"}, responsible="ann"))
    return made


def run(made: World, item: str, type_: str, **params: Any) -> tuple[str, str]:
    """Run an action on an item, and return how it ended: event and reason."""
    before = len(ended(made, item))
    name = f"{item.replace('/', '-')}-{before}"
    put(made.book, template(action(type_, **params), item_type=item.partition("/")[0], name=name))
    made.tell(item, StartProcess(name, {}))
    (found,) = ended(made, item)[before:]
    return type(found).__name__, getattr(found, "reason", "")


def ended(made: World, item: str) -> list[Any]:
    """Return the ends of all steps of an item, in order."""
    kinds = (p.StepCompleted, p.StepSkipped, p.StepFailed)
    found = [one for kind in kinds for one in made.recorded(item, kind)]
    return [one.event for one in sorted(found, key=lambda one: one.envelope.version)]


def book(made: World, item: str = "deal/1", /, **params: Any) -> str:
    """Book Ann for an hour at nine, unless said otherwise; return the reason why not, empty for a booking."""
    given = {"field": "visit", "start": "2026-11-16T09:00:00Z", "duration": 60, "employees": ["user:ann"], **params}
    kind, reason = run(made, item, "bp_book_resource", **given)
    assert (kind == "StepCompleted") == (not reason)
    return reason


def cancel(made: World, item: str = "deal/1", field: str = "visit") -> tuple[str, str]:
    """Cancel what is booked in a field of an item."""
    return run(made, item, "bp_cancel_resource_booking", field=field)
