"""Find an item and hand its fields to other rules (spec 4.36, 3.3 `get_crm_item_information`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from automation.catalogue import Entry, Params
from automation.definitions.compiled import field_types
from automation.definitions.tenant_view import TenantView
from automation.envelope import CRM_ALL, STAGED
from automation.items.search_effects import SearchRequested
from automation.params import ItemFilter, Takes
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.scope import SYSTEM_FIELDS, Schema
from automation.search import SEARCHABLE
from automation.values import FieldType

MOST_FIELDS = 200


class GetCrmItemInformation(Params):
    """Items of which type, which of them (the first by id), and which of its fields."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "item_type": "contact",
        "filter": {"field": "id", "op": "eq", "value": "{{field:contact}}"},
        "select_fields": ["name", "email_work"],
    }

    item_type: Annotated[str, Takes("string")]
    filter: ItemFilter
    select_fields: Annotated[tuple[str, ...], Takes("string"), Field(min_length=1, max_length=MOST_FIELDS)]

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse unknown types and fields: type and fields decide what the rule publishes, so no value is inserted."""
        item_type, fields = raw.get("item_type"), raw.get("select_fields") or ()
        if not _is_type(item_type):
            yield "item_type", f"one of {', '.join(CRM_ALL)} is expected; for SPA items spa_item.<SPA type>"
            return
        known = {**schema.types_of(str(item_type)), **_system()}
        for at, code in enumerate([fields] if isinstance(fields, str) else fields):
            if code not in known:
                yield f"select_fields[{at}]", f"items of type {item_type} have no field {str(code)[:60]!r} to read"


def _is_type(item_type: Any) -> bool:
    base, dot, own = item_type.partition(".") if isinstance(item_type, str) else ("", "", "")
    return base in CRM_ALL and (base == "spa_item") == bool(dot and own)


def _system() -> dict[str, FieldType]:
    return {code: SYSTEM_FIELDS[code] for code in SEARCHABLE}


def publishes(params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
    """Return one result per selected field, in its native type."""
    fields, item_type = params.get("select_fields") or (), params.get("item_type")
    types = {**field_types(view.fields(str(item_type))), **_system()}
    return {code: types[code] for code in fields if code in types}


def plan(context: Context, params: GetCrmItemInformation) -> Plan:
    """Let `history` search, and publish what it found."""
    found = context.answer("search")
    if found is None:
        request = SearchRequested(
            context.effect_id("search"), context.run_id, params.item_type, params.filter.text, params.filter.values,
            params.select_fields,
        )  # fmt: skip
        return Call((request,))
    return Completed(dict(found.results)) if found.ok else Failed(found.reason)


ENTRY = Entry(
    id="get_crm_item_information",
    kind="rule",
    group="item",
    title="Get information about CRM items",
    description="Finds the first item by id that fits a filter and hands its fields to other rules.",
    spec="4.36",
    types=STAGED,
    params=GetCrmItemInformation,
    results={"item_id": "string", "found": "bool"},
    plan=plan,
    publishes=publishes,
)
