"""A world in which a deal's process changes its client (spec 4.11, 4.12)."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.definitions.validation import check, id_of
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from automation.values import Value
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, action, book_of, kind_of, pipeline, template
from tests.core.world import World

OWN = (
    m.FieldDef(code="size", title="Size", type="int"),
    m.FieldDef(code="tags", title="Tags", type="list", multiple=True, options=("a", "b", "c")),
    m.FieldDef(code="day", title="Day", type="date"),
)


def definitions(kind: str, rows: dict[str, Any], **more: Any) -> tuple[m.Definition, ...]:
    """Return a tenant whose process changes fields of the deal's contact or company."""
    fields = [{"field": code, "value": value} for code, value in rows.items()]
    step = action(f"bp_change_{kind}", "change", fields=fields, **more)
    return (pipeline(), *PEOPLE, m.Fields(item_type=kind, fields=OWN), template(step))


def changed(
    kind: str, rows: dict[str, Any], *, linked: Value = "x", before: dict[str, Value] | None = None, **more: Any
) -> World:
    """Return the world after the process has run on a deal of this client."""
    made = World(book_of(*saved(*definitions(kind, rows, **more))))
    made.tell(f"{kind}/x", c.CreateItem({"title": "Client", **(before or {})}))
    made.tell("deal/1", c.CreateItem({"title": "Desk", kind: linked}, responsible="ann"))
    return made.tell("deal/1", StartProcess("process", {}))


def saved(*made: m.Definition) -> tuple[m.Definition, ...]:
    """Return definitions as they are stored, checked together."""
    named = {(kind_of(one), id_of(one)): one for one in made}
    checked = check(CATALOGUE, TENANT, {}, named)
    assert not checked.errors
    return tuple(one for one in checked.definitions.values() if one is not None)


def outcome(made: World) -> tuple[str, str]:
    """Return how the step ended: event and reason."""
    ended = [one for kind in (p.StepCompleted, p.StepSkipped, p.StepFailed) for one in made.events("deal/1", kind)]
    (found,) = ended
    return type(found).__name__, getattr(found, "reason", "")
