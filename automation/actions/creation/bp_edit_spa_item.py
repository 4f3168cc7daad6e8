"""Edit an item of a smart process (spec 4.26)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.items import asked_saves
from automation.params import SPA_ITEMS, Assignment, OrderRef, SpaType, Takes
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, is_id, settled


class EditSpaItem(Params):
    """Which item of which smart process, and its new values; the stage is one of them."""

    spa_type: SpaType
    item_id: OrderRef
    fields: Annotated[
        tuple[Assignment, ...],
        Takes("text", rows_in=SPA_ITEMS, also=("stage",), by_field=True),
        Field(min_length=1, max_length=100),
    ]


def plan(context: Context, params: EditSpaItem) -> Plan:
    """Ask the item for one save; a multiple field is overwritten."""
    answer = context.answer("save")
    if answer is not None:
        return settled(answer)
    if not is_id(params.item_id):
        return Failed("item_not_found")
    values = {row.field: row.value for row in params.fields}
    stage = str(values.pop("stage", "") or "")
    target = (SPA_ITEMS.format(spa_type=params.spa_type), params.item_id)
    return ask(context, "save", target, asked_saves.QUESTION, asked_saves.arguments(values, stage=stage))


ENTRY = Entry(
    id="bp_edit_spa_item",
    kind="action",
    group="creation",
    title="Edit SPA item",
    description="Changes fields and perhaps the stage of an item of a smart process.",
    spec="4.26",
    types=PROCESSED,
    params=EditSpaItem,
    plan=plan,
)
