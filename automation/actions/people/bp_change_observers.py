"""Add, replace or remove observers of the item (spec 4.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.events import ObserversChanged
from automation.params import Principals
from automation.people import expand, principal
from automation.plan import Completed, Context, Failed, Plan, Skipped
from automation.scope import Schema


class ChangeObservers(Params):
    """What to do, and with whom; a replacement by nobody empties the list."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"observers": ["department:sales"]}
    operation: Literal["add", "replace", "remove"]
    observers: Principals = ()

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require somebody to add or remove."""
        if raw.get("operation") != "replace" and not raw.get("observers"):
            yield "observers", "is required, unless the list is replaced"


def plan(context: Context, params: ChangeObservers) -> Plan:
    """Change the list in one step; to add who is there already, or remove who is not, is no error."""
    if not params.observers and params.operation != "replace":
        return Failed("missing_value:observers")
    old = context.item.observers
    people = expand(params.observers, context.tenant.directory, context.item_roles)
    if params.operation == "remove":
        gone = {*people, *_named(params.observers)}
        new = tuple(observer for observer in old if observer not in gone)
    elif params.observers and not people:
        return Failed("no_recipient")
    else:
        new = tuple(dict.fromkeys((*old, *people) if params.operation == "add" else people))
    return Completed(events=(ObserversChanged(old, new),)) if new != old else Skipped("no_change")


def _named(observers: tuple[str, ...]) -> Iterator[str]:
    """Yield those named one by one: also who was dismissed can be removed."""
    return (one.id for one in map(principal, observers) if one.kind == "user")


ENTRY = Entry(
    id="bp_change_observers",
    kind="action",
    group="people",
    title="Change observers",
    description="Adds observers to the item, removes some, or replaces the list.",
    spec="4.10",
    types=STAGED,
    params=ChangeObservers,
    plan=plan,
)
