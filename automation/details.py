"""Read and edit the details of an item's client, for rules and process actions (spec 3.1.3, 3.1.4, 4.25, 4.27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from automation.addresses import PART_TYPES, place
from automation.catalogue import Params
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.items.details import VALUE_PREFIX
from automation.items.effects import ItemAsked
from automation.params import AddressType, DetailsRows, TemplateRef
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped
from automation.scope import Schema
from automation.values import FieldType, Value

PLACE = "details"
NOBODY = "item_not_found"
"""The linked contact or company does not exist, or not any more: nobody is linked."""


def owner(context: Context, entity_type: str) -> str:
    """Return whose details are meant: the item itself if it is of the type, else its primary contact or company."""
    own = context.key.item_type == entity_type
    return context.key.item_id if own else context.item.linked(entity_type)


def _ask(context: Context, owner_id: str, entity_type: str, question: str, args: Mapping[str, Value]) -> Call:
    target = Key(context.key.tenant, entity_type, owner_id).text
    chosen = context.item.fields.get(f"{entity_type}_details")
    asked = {**args, "chosen": chosen}
    return Call((ItemAsked(context.effect_id(PLACE), context.run_id, target, question, asked),))


def read(context: Context, entity_type: str, template: str, address_type: str) -> Plan:
    """Publish the values of the client's record; where nothing is found, nothing (spec 3.1.4)."""
    answer, owner_id = context.answer(PLACE), owner(context, entity_type)
    if answer is None:
        if not owner_id:
            return Completed()
        args = {"template": template, "address_type": address_type}
        return _ask(context, owner_id, entity_type, "details_values", args)
    if answer.ok or answer.reason == NOBODY:
        return Completed(dict(answer.results))
    return Failed(answer.reason)


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


def edit(context: Context, params: EditDetails) -> Plan:
    """Change those of the listed fields that the client's record has filled in (spec 3.1.3)."""
    answer, owner_id = context.answer(PLACE), owner(context, params.entity_type)
    rows, address_type = params.fields, params.address_type
    if answer is not None:
        return _edited(answer)
    if not owner_id:
        return Skipped("no_linked_entity")
    if not address_type and any(row.field in PART_TYPES for row in rows):
        return Failed("missing_value:address_type")
    new = {f"{VALUE_PREFIX}{place(row.field, address_type)}": row.value for row in rows}
    return _ask(context, owner_id, params.entity_type, "edit_details", {"template": params.template, **new})


def _edited(answer: Answer) -> Plan:
    if answer.ok:
        return Completed(dict(answer.results))
    if answer.reason == NOBODY:
        return Skipped("no_linked_entity")
    return Skipped(answer.reason) if answer.status == "skipped" else Failed(answer.reason)


def published(fields: Mapping[str, FieldType], address_type: object) -> Mapping[str, FieldType]:
    """Return the types of what reading a template's record publishes; `fields` are those a row may name."""
    if address_type:
        return {**fields, "address": "string"}
    return {code: type_ for code, type_ in fields.items() if code not in PART_TYPES}


def read_fields(params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
    """Return what reading with these parameters publishes: the fields of the template, and the address if asked for."""
    template = params.get("template")
    fields = view.details_fields.get(template, {}) if isinstance(template, str) else {}
    return published(fields, params.get("address_type"))
