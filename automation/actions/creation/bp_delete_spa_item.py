"""Delete an item of a smart process (spec 4.23)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.params import SPA_ITEMS, OrderRef, SpaType
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, is_id, settled


class DeleteSpaItem(Params):
    """Which item of which smart process."""

    spa_type: SpaType
    item_id: OrderRef


def plan(context: Context, params: DeleteSpaItem) -> Plan:
    """Ask the item to go; a process that runs on it ends with it."""
    answer = context.answer("delete")
    if answer is not None:
        return settled(answer)
    if not is_id(params.item_id):
        return Failed("item_not_found")
    target = (SPA_ITEMS.format(spa_type=params.spa_type), params.item_id)
    return ask(context, "delete", target, "delete", {})


ENTRY = Entry(
    id="bp_delete_spa_item",
    kind="action",
    group="creation",
    title="Delete SPA item",
    description="Deletes an item of a smart process; what runs on it ends, this process included if it runs there.",
    spec="4.23",
    types=PROCESSED,
    params=DeleteSpaItem,
    plan=plan,
)
