"""Create a deal (spec 4.18)."""

from __future__ import annotations

from typing import Annotated

from automation import new_items
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.new_items import PLACED, NewFields
from automation.params import Takes
from automation.plan import Context, Plan


class CreateDeal(Params):
    """The fields of the new deal, links to other items included."""

    fields: Annotated[NewFields, Takes("text", rows_in="deal", also=PLACED, by_field=True)] = ()


def plan(context: Context, params: CreateDeal) -> Plan:
    """Create it."""
    return new_items.create(context, "deal", params.fields)


ENTRY = Entry(
    id="bp_create_deal",
    kind="action",
    group="creation",
    title="Create deal",
    description="Creates a deal, on the main pipeline's first stage unless fields say otherwise; its rules run.",
    spec="4.18",
    types=PROCESSED,
    params=CreateDeal,
    results={"item_id": "item"},
    plan=plan,
)
