"""Read details of the linked contact or company, for other rules to insert (spec 3.1.4)."""

from __future__ import annotations

from typing import Literal

from automation import details
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import AddressType, TemplateRef
from automation.plan import Context, Plan


class GetDetailsValues(Params):
    """Whose record of which template, and which address; without an address type none is read."""

    entity_type: Literal["contact", "company"]
    template: TemplateRef
    address_type: AddressType = ""


def plan(context: Context, params: GetDetailsValues) -> Plan:
    """Publish one result for each field of the template that is filled in."""
    return details.read(context, params.entity_type, params.template, params.address_type)


ENTRY = Entry(
    id="get_details_values",
    kind="rule",
    group="payment",
    title="Get details values",
    description="Hands the values of a details record of the linked contact or company to other rules.",
    spec="3.1.4",
    types=STAGED,
    params=GetDetailsValues,
    results={"address": "string"},
    plan=plan,
    publishes=details.read_fields,
)
