"""Edit details of the linked contact or company (spec 3.1.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from automation import details
from automation.addresses import PART_TYPES
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import AddressType, DetailsRows, TemplateRef
from automation.plan import Context, Plan
from automation.scope import Schema


class EditDetails(Params):
    """Whose record of which template, and the fields with their new values; address parts are `address_<part>`."""

    entity_type: Literal["contact", "company"]
    template: TemplateRef
    fields: DetailsRows
    address_type: AddressType = ""

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the address type where a part of an address is listed."""
        rows = raw.get("fields")
        listed = [row.get("field") for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else ()
        if not raw.get("address_type") and not PART_TYPES.keys().isdisjoint(listed):
            yield "address_type", "is required: say which address the address fields refer to"


def plan(context: Context, params: EditDetails) -> Plan:
    """Change the fields that are filled in already."""
    return details.edit(context, params.entity_type, params.template, params.address_type, params.fields)


ENTRY = Entry(
    id="edit_details",
    kind="rule",
    group="payment",
    title="Edit details",
    description="Changes details of the linked contact or company, those fields that are filled in already.",
    spec="3.1.3",
    types=STAGED,
    params=EditDetails,
    results={"changed_fields": "list"},
    plan=plan,
)
