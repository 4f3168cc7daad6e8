"""The action `bp_add_product_item` (spec 4.2)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.actions.products.bp_add_product_item import ENTRY
from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments, literal_problems
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.parts import ProductRow
from automation.scope import Schema
from automation.values import Money, Value
from tests.core.spec import Story, action, deal, put, template

CHAIR = m.Product(id="chair", name="Chair", price=m.Price(minor=5_000, currency="EUR"), unit="pc")
OLD = m.Product(id="old", name="Old chair", price=m.Price(minor=1, currency="EUR"), active=False)
NUMBERS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="much", title="Much", type="number"),
        m.FieldDef(code="worth", title="Worth", type="money"),
        m.FieldDef(code="what", title="What", type="string"),
    ),
)
RATES = m.Rates(base="EUR", rates={"USD": "0.5"})


def added(*more: m.Definition, fields: dict[str, Value] | None = None, **params: Any) -> Story:
    """Run the action on a deal with a catalogue of products."""
    return deal(CHAIR, OLD, NUMBERS, *more, **(fields or {})).run("bp_add_product_item", **params)


def test_the_catalogue_says_what_is_left_out() -> None:
    """One piece at the catalogue's price, with name and unit; the id of the row is published, the amount follows."""
    story = added(product_id="chair")

    (row,) = story.state.rows
    assert row == ProductRow("chair", "Chair", 1_000, Money(5_000, "EUR"), row.row_id, 0, "pc")
    assert story.only(p.StepCompleted).results == {"product_row_id": row.row_id}
    assert story.only(e.FieldsChanged).computed
    assert story.state.fields["amount"] == Money(5_000, "EUR")


def test_the_row_total() -> None:
    """Price × quantity × (1 − discount/100), rounded half up."""
    story = added(product_id="chair", price={"minor": 999, "currency": "EUR"}, quantity=1.5, discount_percent=12.5)

    (row,) = story.state.rows
    assert (row.price, row.quantity_milli, row.discount_milli) == (Money(999, "EUR"), 1_500, 12_500)
    assert story.state.fields["amount"] == Money(1_311, "EUR")


def test_always_a_new_row() -> None:
    """Also for a product that is there already, and in every run."""
    story = added(product_id="chair").run("bp_add_product_item", product_id="chair")

    assert len({row.row_id for row in story.state.rows}) == 2
    assert story.state.fields["amount"] == Money(10_000, "EUR")


def test_each_round_of_a_loop_adds_a_row() -> None:
    """With an id of its own."""
    loop = {
        "id": "all", "type": "bp_iterator", "source": "{{field:list}}",
        "steps": [action("bp_add_product_item", "add", product_id="{{iterator}}")],
    }  # fmt: skip
    own = m.Fields(item_type="deal", fields=(m.FieldDef(code="list", title="List", type="string", multiple=True),))
    story = deal(CHAIR, own, list=("chair", "chair2")).when(c.SaveItem({}))
    put(story.book, CHAIR.model_copy(update={"id": "chair2"}))
    put(story.book, template(loop))
    story.begin()

    assert [row.product_id for row in story.state.rows] == ["chair", "chair2"]
    assert len({row.row_id for row in story.state.rows}) == 2


def test_a_given_amount_stays() -> None:
    """Nobody but a save changes it."""
    story = added(product_id="chair", fields={"amount": Money(1, "EUR")})
    assert story.kinds() == ["ProcessStarted", "ProductRowsChanged", "StepCompleted", "ProcessEnded"]
    assert story.state.fields["amount"] == Money(1, "EUR")


@pytest.mark.parametrize("product", ["moon", "old"])
def test_an_unknown_product(product: str) -> None:
    """Also one that is not sold any more."""
    story = added(product_id=product)
    assert story.only(p.StepFailed).reason == "product_not_found"
    assert not story.state.rows


@pytest.mark.parametrize(
    ("params", "fields", "reason"),
    [
        ({"product_id": "{{field:what}}"}, {}, "missing_value:product_id"),
        ({"product_id": "chair", "quantity": "{{field:much}}"}, {"much": 0}, "invalid_value:quantity"),
        ({"product_id": "chair", "quantity": "{{field:much}}"}, {"much": -1}, "invalid_value:quantity"),
        ({"product_id": "chair", "quantity": "{{field:much}}"}, {"much": 0.0001}, "invalid_value:quantity"),
        ({"product_id": "chair", "quantity": "{{field:much}}"}, {"much": 1e30}, "invalid_value:quantity"),
        ({"product_id": "chair", "quantity": "{{field:what}}"}, {"what": "many"}, "invalid_value:quantity"),
        ({"product_id": "chair", "discount_percent": "{{field:much}}"}, {"much": 100.5},
         "invalid_value:discount_percent"),
        ({"product_id": "chair", "discount_percent": "{{field:much}}"}, {"much": -1},
         "invalid_value:discount_percent"),
        ({"product_id": "chair", "price": "{{field:what}}"}, {"what": "dear"}, "invalid_value:price"),
        ({"product_id": "chair", "price": "{{field:worth}}"}, {"worth": Money(10**16, "EUR")},
         "invalid_value:price"),
        ({"product_id": "chair", "price": "{{field:worth}}", "quantity": 10**9},
         {"worth": Money(10**15, "EUR")}, "invalid_value:price"),
    ],
)  # fmt: skip
def test_values_that_no_row_takes(params: dict[str, Any], fields: dict[str, Value], reason: str) -> None:
    """Nothing is added."""
    story = added(**params, fields=fields)
    assert story.only(p.StepFailed).reason == reason
    assert not story.state.rows


def test_empty_values_mean_the_defaults() -> None:
    """An unset field is as a parameter that was left out."""
    story = added(product_id="chair", price="{{field:worth}}", quantity="{{field:much}}")
    assert (story.state.rows[0].price, story.state.rows[0].quantity_milli) == (Money(5_000, "EUR"), 1_000)


@pytest.mark.parametrize(
    ("number", "milli"), [(1, 1_000), (0.1 + 0.2, 300), (0.0005, 1), (1.2345, 1_235), (33.333, 33_333)]
)
def test_thousandths_are_kept(number: float, milli: int) -> None:
    """Of what is finer the nearest, of quantity and discount alike."""
    story = added(product_id="chair", quantity="{{field:much}}", discount_percent="{{field:much}}",
                  fields={"much": number})  # fmt: skip
    assert (story.state.rows[0].quantity_milli, story.state.rows[0].discount_milli) == (milli, milli)


def test_a_price_in_another_currency() -> None:
    """It counts at the rates of the settings; without one the amount stays as it is."""
    dollars, pounds = ({"minor": 1_000, "currency": currency} for currency in ("USD", "GBP"))
    story = added(RATES, product_id="chair").run("bp_add_product_item", product_id="chair", price=dollars)
    assert story.state.fields["amount"] == Money(5_500, "EUR")
    story.run("bp_add_product_item", product_id="chair", price=pounds)
    assert story.state.fields["amount"] == Money(5_500, "EUR")
    assert len(story.state.rows) == 3


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "product_id"),
        ({"product_id": "chair", "quantity": 0}, "quantity"),
        ({"product_id": "chair", "discount_percent": 101}, "discount_percent"),
        ({"product_id": "chair", "price": 5}, "price"),
        ({"product_id": "chair", "amount": 5}, "amount"),
    ],
)
def test_what_saving_refuses(params: dict[str, Any], path: str) -> None:
    """Written values out of range, and what is missing or unknown."""
    try:
        compiled = compile_arguments(ENTRY.params, params, Schema({}))
        found = [problem.reason.partition(":")[2] for problem in literal_problems(compiled, params)]
    except InvalidParamsError as error:
        found = [where for where, _ in error.errors]
    assert found == [path]
