"""What waiting for a stage of a deal and for a status of a lead have in common (spec 4.28, 4.29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation.envelope import Key
from automation.items.effects import ItemAsked
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.scope import Schema


def required(raw: Mapping[str, Any], name: str, schema: Schema, item_type: str) -> Iterator[tuple[str, str]]:
    """Require the id of the item in a process of other documents: there is no current one (spec 1.1)."""
    if schema.item_type != item_type and not raw.get(name):
        yield name, f"is required in a process that is not of a {item_type}"


def await_stage(context: Context, item_type: str, item_id: str, stages: tuple[str, ...], result: str) -> Plan:
    """Subscribe at the item, and publish the stage that it reached; without an id it is the current item."""
    own = context.key.item_id if context.key.item_type == item_type else ""
    target = item_id or own
    if not target:
        return Failed("item_not_found")
    answer = context.answer("stage")
    if answer is None:
        key = Key(context.key.tenant, item_type, target).text
        asked = ItemAsked(context.effect_id("stage"), context.run_id, key, "await_stage", {"stages": stages})
        return Call((asked,), endless=True)
    return Completed({result: answer.results.get("stage")}) if answer.ok else Failed(answer.reason)
