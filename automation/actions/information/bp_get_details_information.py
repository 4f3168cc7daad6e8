"""Read details of the linked contact or company, or of the one that the process runs on (spec 4.25)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from automation import details
from automation.catalogue import Entry, Params
from automation.envelope import CRM_ALL
from automation.params import AddressType, TemplateRef
from automation.plan import Context, Plan
from automation.scope import Schema

CLIENTS = ("contact", "company")


class GetDetailsInformation(Params):
    """Whose record of which template, and which address; a process of a contact or company reads its own."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"entity_type": "company"}

    template: TemplateRef
    entity_type: Literal["", "contact", "company"] = ""
    address_type: AddressType = ""

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the entity, but not where only the item itself can be meant."""
        given, own = raw.get("entity_type") or "", schema.item_type
        if own not in CLIENTS and not given:
            yield "entity_type", "is required: contact or company"
        elif own in CLIENTS and given not in ("", own):
            yield "entity_type", f"is not asked for here: the details are those of the {own}"


def plan(context: Context, params: GetDetailsInformation) -> Plan:
    """Publish one result for each field of the template that is filled in."""
    own = context.key.item_type
    return details.read(context, own if own in CLIENTS else params.entity_type, params.template, params.address_type)


ENTRY = Entry(
    id="bp_get_details_information",
    kind="action",
    group="information",
    title="Details information",
    description="Hands the values of a details record of the contact or company to later steps.",
    spec="4.25",
    types=CRM_ALL,
    params=GetDetailsInformation,
    results={"address": "string"},
    plan=plan,
    publishes=details.read_fields,
)
