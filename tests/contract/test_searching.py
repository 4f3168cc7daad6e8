"""What a search answers, on SQLite and on PostgreSQL alike (spec 4.36, 1.1, 1.6)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from automation.definitions import models as m
from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.items import events as e
from automation.items.search_effects import SearchRequested
from automation.plan import Answer
from automation.values import Money, Personal, Value
from services.edge.sql import Database
from services.history.heads import heads_by
from services.history.searching.find import find
from services.history.store import SqlHistory
from tests.core.spec import TENANT, book_of, pipeline
from tests.history_world import CONTEXT, Book, recorded, records

pytest_plugins = ["tests.postgres", "tests.databases"]

FIELDS = m.Fields(
    item_type="contact",
    fields=(
        m.FieldDef(code="city", title="City", type="string"),
        m.FieldDef(code="age", title="Age", type="int"),
        m.FieldDef(code="budget", title="Budget", type="money"),
        m.FieldDef(code="met", title="Met", type="date"),
        m.FieldDef(code="vip", title="VIP", type="bool"),
        m.FieldDef(code="tags", title="Tags", type="list", multiple=True),
    ),
)
RATES = m.Rates(base="EUR", rates={"USD": "0.5"})
DAY = 86_400_000
PEOPLE: dict[str, dict[str, Value]] = {
    "10": {"city": "Paris", "age": 40, "budget": Money(10_000, "EUR"), "met": "1970-01-11", "tags": ("a", "b")},
    "9": {"city": "Paris", "age": 30, "budget": Money(10_000, "USD"), "met": "1970-01-21", "vip": True},
    "x": {"city": "Rome", "age": 50, "name": Personal("Ada")},
    "b": {"city": "Rome"},
}


@pytest.fixture
def store(database: Database) -> SqlHistory:
    """Return an index of four contacts, a deleted one, and one of another tenant."""
    book = Book()
    made = [
        recorded(Key(TENANT, "contact", name), 1, e.ItemCreated(fields, "", "", "ann", "ann", (), automated=False))
        for name, fields in PEOPLE.items()
    ]
    gone, other = Key(TENANT, "contact", "1"), Key("other", "contact", "2")
    for key in (gone, other):
        made.append(recorded(key, 1, e.ItemCreated({"city": "Paris"}, "", "", "", "", (), automated=False)))
    made.append(recorded(gone, 2, e.ItemDeleted()))
    found = SqlHistory(database, heads=lambda: {"item": heads_by(book.read)})
    found.write(records(book, made), {CONTEXT: len(made)})
    return found


@pytest.fixture
def view() -> TenantView:
    """Return what the tenant has defined."""
    found = book_of(pipeline(), FIELDS, RATES).tenant(TENANT)
    assert found is not None
    return found


def search(filter_: Any, select: tuple[str, ...] = ("city",), **values: Value) -> SearchRequested:
    """Return a search; `values` are what was inserted, `city_0` for the name `city.0`."""
    named = {name.replace("_", "."): value for name, value in values.items()}
    return SearchRequested("e1", "r1", "contact", orjson.dumps(filter_).decode(), named, select)


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"field": "city", "op": "eq", "value": "Paris"}, "9"),
        ({"field": "city", "op": "eq", "value": "Rome"}, "b"),
        ({"field": "city", "op": "ne", "value": "Paris"}, "b"),
        ({"field": "city", "op": "in", "value": ["Oslo", "Rome"]}, "b"),
        ({"field": "city", "op": "contains", "value": "om"}, "b"),
        ({"field": "age", "op": "gt", "value": 35}, "10"),
        ({"field": "age", "op": "empty"}, "b"),
        ({"field": "age", "op": "lte", "value": 30}, "9"),
        ({"field": "name", "op": "eq", "value": "Ada"}, "x"),
        ({"field": "budget", "op": "gte", "value": {"minor": 9_000, "currency": "EUR"}}, "10"),
        ({"field": "budget", "op": "eq", "value": {"minor": 5_000, "currency": "EUR"}}, "9"),
        ({"field": "met", "op": "eq", "value": {"relative": {"days": -10}}}, "9"),
        ({"field": "vip", "op": "eq", "value": True}, "9"),
        ({"field": "tags", "op": "contains", "value": "b"}, "10"),
        ({"field": "responsible", "op": "eq", "value": "ann"}, "9"),
        ({"field": "id", "op": "eq", "value": "x"}, "x"),
        ({"field": "id", "op": "eq", "value": "1"}, None),
        ({"field": "id", "op": "eq", "value": "2"}, None),
        ({"field": "city", "op": "eq", "value": "Oslo"}, None),
        ({"all": [{"field": "id", "op": "eq", "value": "x"}, {"field": "city", "op": "eq", "value": "Paris"}]}, None),
        ([{"field": "city", "op": "eq", "value": "Oslo"}, "OR", {"field": "id", "op": "eq", "value": "x"}], "x"),
        ({}, "9"),
    ],
    ids=str,
)
def test_the_first_by_id_is_found(store: SqlHistory, view: TenantView, filter_: Any, found: str | None) -> None:
    """By every kind of comparison; numbers before texts, deleted items and other tenants' never."""
    answer = find(store, view, search(filter_), 30 * DAY)

    assert answer.status == "completed"
    assert (answer.results["found"], answer.results.get("item_id")) == (found is not None, found)


@pytest.mark.parametrize("value", ['50% of "a!b_c"\\', "Łódź €", "a\nb", "%", "_"])
def test_texts_of_any_signs_are_found(database: Database, view: TenantView, value: str) -> None:
    """What the index looks for first is what it has written; near misses are no hits."""
    book = Book()
    made = [
        recorded(Key(TENANT, "contact", str(at)), 1, e.ItemCreated({"city": text}, "", "", "", "", (), automated=False))
        for at, text in enumerate(("x", value + "x", value, value.upper() + "y"))
    ]
    index = SqlHistory(database, heads=lambda: {"item": heads_by(book.read)})
    index.write(records(book, made), {CONTEXT: len(made)})
    by_city = {"field": "city", "op": "eq", "value": {"param": "city.0"}}

    assert find(index, view, search(by_city, city_0=value), 0).results["item_id"] == "2"
    assert find(index, view, search(by_city, city_0=Personal(value)), 0).results["item_id"] == "2"


def test_inserted_values_are_compared_in_their_types(store: SqlHistory, view: TenantView) -> None:
    """Beside the condition, never inside its text; an empty one equals nothing."""
    by_city = {"field": "city", "op": "eq", "value": {"param": "city.0"}}
    by_id = {"field": "id", "op": "eq", "value": {"param": "id.0"}}

    assert find(store, view, search(by_city, city_0="Rome"), 0).results["item_id"] == "b"
    assert find(store, view, search(by_id, id_0="10"), 0).results["item_id"] == "10"
    assert find(store, view, search(by_id, id_0=None), 0).results == {"found": False}
    assert find(store, view, search(by_city, city_0=None), 0).results == {"found": False}


def test_values_come_back_in_their_native_types(store: SqlHistory, view: TenantView) -> None:
    """Money, lists, personal texts and moments; an unset field is left out."""
    fields = ("budget", "tags", "age", "created_at", "vip", "id")
    answer = find(store, view, search({"field": "id", "op": "eq", "value": "10"}, fields), 0)

    assert answer.results == {
        "budget": Money(10_000, "EUR"), "tags": ("a", "b"), "age": 40, "created_at": 3_600_000, "id": "10",
        "item_id": "10", "found": True,
    }  # fmt: skip
    named = find(store, view, search({"field": "id", "op": "eq", "value": "x"}, ("name",)), 0)
    assert named.results["name"] == Personal("Ada")


def test_a_filter_that_no_longer_fits_the_fields_fails(store: SqlHistory, view: TenantView) -> None:
    """The field was there when the rule was saved."""
    answer = find(store, view, search({"field": "height", "op": "empty"}), 0)

    assert answer == Answer("failed", "invalid_value:filter", {})
