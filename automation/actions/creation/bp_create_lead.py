"""Create a lead (spec 4.16)."""

from __future__ import annotations

from typing import Annotated

from automation import new_items
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.new_items import PLACED, NewFields
from automation.params import Takes
from automation.plan import Context, Plan


class CreateLead(Params):
    """The fields of the new lead, links to other items included."""

    fields: Annotated[NewFields, Takes("text", rows_in="lead", also=PLACED, by_field=True)] = ()


def plan(context: Context, params: CreateLead) -> Plan:
    """Create it."""
    return new_items.create(context, "lead", params.fields)


ENTRY = Entry(
    id="bp_create_lead",
    kind="action",
    group="creation",
    title="Create lead",
    description="Creates a lead, on the first status unless a field says otherwise; the rules of the status run.",
    spec="4.16",
    types=PROCESSED,
    params=CreateLead,
    results={"item_id": "item"},
    plan=plan,
)
