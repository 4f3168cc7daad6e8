"""Read items of any type: the first that fits a filter, or one by its id (spec 4.36, 4.37)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from automation.catalogue import Params
from automation.definitions.compiled import field_types
from automation.definitions.tenant_view import TenantView
from automation.envelope import CRM_ALL
from automation.insertion.printable import printable
from automation.items.search_effects import SearchRequested
from automation.params import ItemFilter, Takes
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.scope import SYSTEM_FIELDS, Schema, Scope
from automation.search import SEARCHABLE
from automation.values import FieldType, Personal, Value

MOST_FIELDS = 200
Selected = Annotated[tuple[str, ...], Takes("string"), Field(min_length=1, max_length=MOST_FIELDS)]


class FindItem(Params):
    """Items of which type, which of them (the first by id), and which of its fields."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "item_type": "contact",
        "filter": {"field": "id", "op": "eq", "value": "{{field:contact}}"},
        "select_fields": ["name", "email_work"],
    }

    item_type: Annotated[str, Takes("string")]
    filter: ItemFilter
    select_fields: Selected

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse unknown types and fields: type and fields decide what is published, so no value is inserted."""
        item_type = raw.get("item_type")
        if _is_type(item_type):
            yield from unknown_fields(raw, str(item_type), SEARCHABLE, schema)
        else:
            yield "item_type", f"one of {', '.join(CRM_ALL)} is expected; for SPA items spa_item.<SPA type>"


def _is_type(item_type: Any) -> bool:
    base, dot, own = item_type.partition(".") if isinstance(item_type, str) else ("", "", "")
    return base in CRM_ALL and (base == "spa_item") == bool(dot and own)


def unknown_fields(
    raw: Mapping[str, Any], item_type: str, system: Collection[str], schema: Schema
) -> Iterator[tuple[str, str]]:
    """Yield the `select_fields` that items of the type do not have; `system` are what all items have besides."""
    known, fields = {*schema.types_of(item_type), *system}, raw.get("select_fields") or ()
    for at, code in enumerate([fields] if isinstance(fields, str) else fields):
        if code not in known:
            yield f"select_fields[{at}]", f"items of type {item_type} have no field {str(code)[:60]!r} to read"


def selected(
    params: Mapping[str, Any], item_type: str, system: Collection[str], view: TenantView
) -> Mapping[str, FieldType]:
    """Return one result per selected field, in its native type."""
    fields = params.get("select_fields") or ()
    types = {**field_types(view.fields(item_type)), **{code: SYSTEM_FIELDS[code] for code in system}}
    return {code: types[code] for code in fields if code in types}


def found_fields(params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
    """Return what finding an item publishes beside its id."""
    return selected(params, str(params.get("item_type")), SEARCHABLE, view)


def find(context: Context, params: FindItem) -> Plan:
    """Let `history` search, and publish what it found."""
    found = context.answer("search")
    if found is None:
        request = SearchRequested(
            context.effect_id("search"), context.run_id, params.item_type, params.filter.text, params.filter.values,
            params.select_fields,
        )  # fmt: skip
        return Call((request,))
    return Completed(dict(found.results)) if found.ok else Failed(found.reason)


def printed(context: Context, value: Value, type_: FieldType) -> Value:
    """Return a value as people read it; what is personal stays so."""
    text = printable(value, type_, Scope({}, zone=context.tenant.zone, name_of=context.tenant.name_of))
    return Personal(text) if isinstance(value, Personal) else text
