"""Create a contact (spec 4.15)."""

from __future__ import annotations

from typing import Annotated

from automation import new_items
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.new_items import PEOPLE, NewFields
from automation.params import Takes
from automation.plan import Context, Plan


class CreateContact(Params):
    """The fields of the new contact, links to other items included."""

    fields: Annotated[NewFields, Takes("text", rows_in="contact", also=PEOPLE, by_field=True)] = ()


def plan(context: Context, params: CreateContact) -> Plan:
    """Create it."""
    return new_items.create(context, "contact", params.fields)


ENTRY = Entry(
    id="bp_create_contact",
    kind="action",
    group="creation",
    title="Create contact",
    description="Creates a contact out of the fields given; nothing is linked unless a field says so.",
    spec="4.15",
    types=PROCESSED,
    params=CreateContact,
    results={"item_id": "item"},
    plan=plan,
)
