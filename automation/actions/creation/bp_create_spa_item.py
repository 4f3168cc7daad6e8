"""Create an item of a smart process (spec 4.14)."""

from __future__ import annotations

from typing import Annotated

from automation import new_items
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.items.parts import Link
from automation.new_items import PLACED, NewFields
from automation.params import SPA_ITEMS, SpaType, Takes
from automation.plan import Context, Failed, Plan


class CreateSpaItem(Params):
    """The smart process, and the fields of the new item, which depend on it."""

    spa_type: SpaType
    fields: Annotated[NewFields, Takes("text", rows_in=SPA_ITEMS, also=PLACED, by_field=True)] = ()


def plan(context: Context, params: CreateSpaItem) -> Plan:
    """Create it, as a child of the current item where the smart process has a field for such a parent."""
    item_type = SPA_ITEMS.format(spa_type=params.spa_type)
    if context.tenant.default_pipeline(item_type) is None:
        return Failed("invalid_value:spa_type")
    row = new_items.parent(context, item_type, {row.field: row.value for row in params.fields})
    own = context.key
    links = (Link(own.item_type, own.item_id, "related"),) if row else ()
    return new_items.create(context, item_type, (*params.fields, *((row,) if row else ())), links)


ENTRY = Entry(
    id="bp_create_spa_item",
    kind="action",
    group="creation",
    title="Create SPA item",
    description="Creates an item of a smart process out of the fields given, linked to the current item as its parent.",
    spec="4.14",
    types=PROCESSED,
    params=CreateSpaItem,
    results={"item_id": "item"},
    plan=plan,
)
