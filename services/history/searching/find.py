"""One search: the first item by id that fits the filter, and the fields that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from automation.conditions import InvalidConditionError, compile_condition
from automation.definitions.compiled import field_types
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.items.search_effects import SearchRequested
from automation.items.sizes import REQUEST_LIMIT, weight
from automation.plan import Answer
from automation.scope import Scope
from automation.search import id_order, must_hold, read_filter, wanted_id
from automation.values import Moment, Value
from services.history.records import Current, stream_id
from services.history.values import from_json


class Rows(Protocol):
    """The current items; a part of `HistoryReader`."""

    def current(self, stream: str) -> Current | None:
        """Return the row of an item."""
        ...

    def scan(self, tenant: str, item_type: str, holding: str) -> Iterable[Current]:
        """Yield the items of a type that exist, at least those with a field that is or holds this text as a whole."""
        ...


def find(rows: Rows, view: TenantView, asked: SearchRequested, now: Moment) -> Answer:
    """Return the answer to a search; `now` is the moment of the asking, from which relative times count. Blocks."""
    try:
        condition = read_filter(asked.filter, field_types(view.fields(asked.item_type)))
    except InvalidConditionError:
        return Answer("failed", "invalid_value:filter", {})
    holds = compile_condition(condition)
    only = wanted_id(condition, asked.values)
    among: Iterable[Current]
    if only is None:
        among = rows.scan(view.tenant, asked.item_type, must_hold(condition, asked.values))
    else:
        among = _one(rows, view.tenant, asked.item_type, only)
    fitting = (row for row in among if holds(_scope(row, view, asked.values, now)))
    row = min(fitting, key=lambda found: id_order(found.item_id), default=None)
    if row is None:
        return Answer("completed", "", {"found": False})
    return _told(row, asked.select)


def _one(rows: Rows, tenant: str, item_type: str, item_id: str) -> tuple[Current, ...]:
    row = rows.current(stream_id("item", Key(tenant, item_type, item_id))) if item_id else None
    return (row,) if row is not None and row.version and not row.deleted else ()


def _scope(row: Current, view: TenantView, values: Mapping[str, Value], now: Moment) -> Scope:
    return Scope(
        fields=from_json(row.fields), system=_system(row), now=now, zone=view.zone, rates=view.rates, params=values
    )


def _system(row: Current) -> dict[str, Any]:
    return {
        "id": row.item_id, "item_type": row.item_type, "pipeline": row.pipeline, "stage": row.stage,
        "responsible": row.responsible, "created_at": row.created_at,
    }  # fmt: skip


def _told(row: Current, select: Iterable[str]) -> Answer:
    known = {**from_json(row.fields), **_system(row)}
    values = {code: known[code] for code in select if known.get(code) is not None}
    told = Answer("completed", "", {**values, "item_id": row.item_id, "found": True})
    return told if weight(told.results) <= REQUEST_LIMIT else Answer("failed", "item_too_large", {})
