"""Read one item by its id (spec 4.37)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from automation import reading
from automation.catalogue import Entry, Params
from automation.definitions.process_models import PROCESSED
from automation.definitions.tenant_view import TenantView
from automation.items.questions import READ_SYSTEM
from automation.params import Flag, OrderRef
from automation.plan import Answer, Completed, Context, Failed, Plan
from automation.reading import Selected
from automation.records.asking import ask, is_id
from automation.scope import Schema
from automation.values import FieldType


class GetCrmData(Params):
    """Which item, which of its fields, and whether as people read them."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"select_fields": ["name", "responsible"]}

    entity_id: OrderRef
    entity_type: Literal["contact", "lead", "deal", "company"]
    select_fields: Selected
    printable: Flag = False

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse fields that the type does not have."""
        yield from reading.unknown_fields(raw, str(raw.get("entity_type")), READ_SYSTEM, schema)


def plan(context: Context, params: GetCrmData) -> Plan:
    """Ask the item itself; one that is not there has no data."""
    answer = context.answer("fields")
    if answer is not None:
        return Completed(_results(context, params, answer)) if answer.ok else Failed(answer.reason)
    if not is_id(params.entity_id):
        return Failed("item_not_found")
    target = (params.entity_type, params.entity_id)
    return ask(context, "fields", target, "fields", {"codes": params.select_fields})


def _results(context: Context, params: GetCrmData, answer: Answer) -> Mapping[str, Any]:
    if not params.printable:
        return dict(answer.results)
    raw = {"select_fields": params.select_fields}
    types = reading.selected(raw, params.entity_type, READ_SYSTEM, context.tenant)
    return {code: reading.printed(context, answer.results.get(code), type_) for code, type_ in types.items()}


def publishes(params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
    """Return one result per selected field: a text if it is printed."""
    types = reading.selected(params, str(params.get("entity_type")), READ_SYSTEM, view)
    return dict.fromkeys(types, "text") if params.get("printable") else types


ENTRY = Entry(
    id="bp_get_crm_data",
    kind="action",
    group="information",
    title="Get CRM data",
    description="Reads fields of a contact, lead, deal or company by its id, as people read them if asked for.",
    spec="4.37",
    types=PROCESSED,
    params=GetCrmData,
    plan=plan,
    publishes=publishes,
)
