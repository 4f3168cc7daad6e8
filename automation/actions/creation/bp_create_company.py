"""Create a company (spec 4.17)."""

from __future__ import annotations

from typing import Annotated

from automation import new_items
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.new_items import PEOPLE, NewFields
from automation.params import Takes
from automation.plan import Context, Plan


class CreateCompany(Params):
    """The fields of the new company, links to other items included."""

    fields: Annotated[NewFields, Takes("text", rows_in="company", also=PEOPLE, by_field=True)] = ()


def plan(context: Context, params: CreateCompany) -> Plan:
    """Create it."""
    return new_items.create(context, "company", params.fields)


ENTRY = Entry(
    id="bp_create_company",
    kind="action",
    group="creation",
    title="Create company",
    description="Creates a company out of the fields given; nothing is linked unless a field says so.",
    spec="4.17",
    types=PROCESSED,
    params=CreateCompany,
    results={"item_id": "item"},
    plan=plan,
)
