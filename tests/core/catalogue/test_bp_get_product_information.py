"""The action `bp_get_product_information` (spec 4.39), and the lists of products and orders."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.parts import Link, ProductRow
from automation.values import Money
from tests.core.spec import Story, action, deal, put, template

CHAIR = m.Product(id="chair", name="Chair", price=m.Price(minor=5_000, currency="EUR"), unit="pc")
ROWS = (
    ProductRow("lamp", "Lamp", 2_500, Money(1_000, "USD"), "r1", 12_500, "m"),
    ProductRow("chair", "Chair", 1_000, Money(4_000, "EUR"), "r2"),
)
ORDERS = (Link("order", "A1", "order"), Link("order", "A2", "order"))
LAMP: dict[str, Any] = {
    "product_id": "lamp", "name": "Lamp", "price": Money(1_000, "USD"), "quantity": 2.5, "discount_percent": 12.5,
    "sum": Money(2_188, "USD"), "unit": "m", "currency": "USD",
}  # fmt: skip


def asked(wanted: Any, *more: m.Definition, rows: tuple[ProductRow, ...] = ROWS) -> Story:
    """Run the action on a deal with rows and orders."""
    story = deal(CHAIR, *more).when(c.SaveItem({}, rows=rows, link=ORDERS))
    return story.run("bp_get_product_information", product_row_id=wanted)


@pytest.mark.parametrize("wanted", ["r1", "{{Products}}", "{{field:products}}", ["r1", "r2"]])
def test_a_row_of_the_item(wanted: Any) -> None:
    """By its id; of a list the first."""
    assert asked(wanted).only(p.StepCompleted).results == LAMP


def test_a_product_of_the_catalogue() -> None:
    """What is no row: one piece, no discount."""
    assert asked("chair").only(p.StepCompleted).results == {
        "product_id": "chair", "name": "Chair", "price": Money(5_000, "EUR"), "quantity": 1, "discount_percent": 0,
        "sum": Money(5_000, "EUR"), "unit": "pc", "currency": "EUR",
    }  # fmt: skip


def test_a_row_goes_before_a_product_of_the_same_id() -> None:
    """The document comes first."""
    row = ProductRow("chair", "Red chair", 1_000, Money(1, "EUR"), "chair")
    assert asked("chair", rows=(row,)).only(p.StepCompleted).results["name"] == "Red chair"


def test_neither() -> None:
    """An unknown id, and a product that is not sold any more."""
    gone = m.Product(id="gone", name="Gone", price=m.Price(minor=1, currency="EUR"), active=False)
    assert asked("moon").only(p.StepFailed).reason == "product_not_found"
    assert asked("gone", gone).only(p.StepFailed).reason == "product_not_found"


def test_an_item_without_products() -> None:
    """The list is empty."""
    assert asked("{{Products}}", rows=()).only(p.StepFailed).reason == "missing_value:product_row_id"


def test_a_sum_that_is_no_amount() -> None:
    """A row within its limits may come to more than an amount can be."""
    row = ProductRow("p", "n", 10**12, Money(10**15, "EUR"), "huge")
    assert asked("huge", rows=(row,)).only(p.StepFailed).reason == "invalid_value:sum"


def test_the_iterator_goes_through_the_rows() -> None:
    """Each in a round of its own; later steps use what the action publishes."""
    note = {
        "id": "note",
        "type": "set",
        "values": {"told": "{{var:told}}{{result:read.quantity}} {{result:read.name}};"},
    }
    read = action("bp_get_product_information", "read", product_row_id="{{iterator}}")
    loop = {"id": "all", "type": "bp_iterator", "source": "{{Products}}", "steps": [read, note]}
    story = deal(CHAIR).when(c.SaveItem({}, rows=ROWS))
    put(story.book, template(loop, variables=[{"code": "told", "type": "string"}], results=["told"]))
    story.begin()

    (*_, last) = [event for event in story.events if isinstance(event, p.VariablesSet)]
    assert last.values == {"told": "2.5 Lamp;1 Chair;"}


def noted(text: str, *more: m.Definition, **fields: Any) -> Any:
    """Return what a variable holds that a text was assigned to."""
    step = {"id": "note", "type": "set", "values": {"told": text}}
    made = template(step, variables=[{"code": "told", "type": "string", "multiple": True}])
    story = deal(made, *more, **fields).when(c.SaveItem({}, rows=ROWS, link=ORDERS)).begin()
    return story.only(p.VariablesSet).values["told"]


@pytest.mark.parametrize(
    ("text", "values"),
    [("{{Orders}}", ("A1", "A2")), ("{{field:orders}}", ("A1", "A2")), ("{{Products}}", ("r1", "r2"))],
)
def test_lists_keep_their_values(text: str, values: tuple[str, ...]) -> None:
    """By code and by title."""
    assert noted(text) == values


def test_own_fields_hide_the_lists() -> None:
    """Those of the same code, and those of the same title."""
    code = m.Fields(item_type="deal", fields=(m.FieldDef(code="orders", title="X", type="string"),))
    title = m.Fields(item_type="deal", fields=(m.FieldDef(code="mine", title="Orders", type="string"),))
    assert noted("{{field:orders}}", code, orders="own") == ("own",)
    assert noted("{{field:orders}}", code) is None
    assert noted("{{Orders}}", title, mine="own") == ("own",)
