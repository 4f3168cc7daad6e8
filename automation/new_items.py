"""Create an item out of a map of its fields, for process actions (spec 4.14 to 4.18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from automation.envelope import Key
from automation.items.effects import CreationRequested
from automation.items.parts import Link
from automation.params import Assignment
from automation.people import expand, one_of
from automation.plan import Answer, Call, Completed, Context, Failed, Plan
from automation.values import Value, is_empty

NewFields = Annotated[tuple[Assignment, ...], Field(max_length=200)]
PEOPLE = ("responsible", "observers")
PLACED = ("stage", "pipeline", *PEOPLE)
"""What the rows of an item with stages may name beside its fields."""
_PLACE = "item"


def create(context: Context, item_type: str, rows: NewFields, links: tuple[Link, ...] = ()) -> Plan:
    """Ask for the item once, and publish its id; what cannot be created leaves nothing behind."""
    answer = context.answer(_PLACE)
    if answer is not None:
        return _created(answer)
    given = {row.field: row.value for row in rows if not is_empty(row.value)}
    responsible, observers = given.pop("responsible", ""), given.pop("observers", ())
    chosen = one_of(str(responsible), context.tenant.directory, context.item_roles)
    if responsible and not chosen:
        return Failed("invalid_value:responsible")
    watching = expand(observers if isinstance(observers, tuple) else (), context.tenant.directory, context.item_roles)
    return Call((_request(context, item_type, given, (chosen or context.item.responsible, watching), links),))


def _request(
    context: Context, item_type: str, given: dict[str, Value], people: tuple[str, tuple[str, ...]],
    links: tuple[Link, ...],
) -> CreationRequested:  # fmt: skip
    pipeline, stage = (str(given.pop(code, "")) for code in ("pipeline", "stage"))
    effect_id, (responsible, observers) = context.effect_id(_PLACE), people
    target = Key(context.key.tenant, item_type, effect_id).text
    return CreationRequested(
        effect_id, context.run_id, target, given, pipeline, stage, responsible, observers, links=links
    )  # fmt: skip


def _created(answer: Answer) -> Plan:
    return Completed({"item_id": answer.results.get("id")}) if answer.ok else Failed(answer.reason)


def parent(context: Context, item_type: str, given: Mapping[str, Value]) -> Assignment | None:
    """Return the row that names the current item as parent; None where the type has no link field for it.

    Such a field has the code of the current item's type; a value of its own stands.
    """
    code = context.key.item_type.partition(".")[0]
    field = context.tenant.fields(item_type).get(code)
    if field is None or field.type != "item" or field.multiple or code in given:
        return None
    return Assignment(code, context.key.item_id)
