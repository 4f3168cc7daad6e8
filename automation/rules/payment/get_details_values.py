"""Read details of the linked contact or company, for other rules to insert (spec 3.1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from automation import details
from automation.catalogue import Entry, Params
from automation.definitions.tenant_view import TenantView
from automation.envelope import STAGED
from automation.params import AddressType, TemplateRef
from automation.plan import Context, Plan
from automation.values import FieldType


class GetDetailsValues(Params):
    """Whose record of which template, and which address; without an address type none is read."""

    entity_type: Literal["contact", "company"]
    template: TemplateRef
    address_type: AddressType = ""


def plan(context: Context, params: GetDetailsValues) -> Plan:
    """Publish one result for each field of the template that is filled in."""
    return details.read(context, params.entity_type, params.template, params.address_type)


def publishes(params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
    """Return the fields of the template, and the address if one is asked for."""
    template = params.get("template")
    fields = view.details_fields.get(template, {}) if isinstance(template, str) else {}
    return details.published(fields, params.get("address_type"))


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
    publishes=publishes,
)
