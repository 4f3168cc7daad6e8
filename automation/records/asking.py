"""How a rule reaches a record, and what its answer means for the rule."""

from __future__ import annotations

from collections.abc import Mapping

from automation.envelope import Key, stable_id
from automation.items.door import LONGEST_ID
from automation.items.effects import ItemAsked
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped
from automation.values import Value

_NONE: Mapping[str, Value] = {}


def ask(context: Context, place: str, target: tuple[str, str], question: str, args: Mapping[str, Value]) -> Call:
    """Return the call that asks a record, `target` being its type and id; the answer is found at `place`."""
    key = Key(context.key.tenant, *target).text
    return Call((ItemAsked(context.effect_id(place), context.run_id, key, question, args),))


def settled(answer: Answer, results: Mapping[str, Value] = _NONE, not_found: str = "item_not_found") -> Plan:
    """Return the outcome of a rule whose work was one call; `not_found` is its code for a record that is not there."""
    if answer.ok:
        return Completed(results)
    if answer.status == "skipped":
        return Skipped(answer.reason)
    return Failed(not_found if answer.reason == "item_not_found" else answer.reason)


def is_id(text: str) -> bool:
    """Say whether a text can be the id of a record at all."""
    return 0 < len(text) <= LONGEST_ID and text.isprintable()


def id_of(*parts: str) -> str:
    """Return the id of a record that is found by what it is for; one that would be too long is a digest."""
    text = ":".join(parts)
    return text if is_id(text) else stable_id("record", *parts)
