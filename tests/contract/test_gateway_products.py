"""Product rows through the HTTP API: the catalogue fills in what a row leaves out (spec 1.13)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items.parts import ProductRow
from automation.values import Money
from tests.gateway_world import World, world

__all__ = ["world"]

CHANGES = "/v1/items/deal/7/changes"
CHAIR = {"id": "chair", "name": "Chair", "price": {"minor": 5_000, "currency": "EUR"}, "unit": "pc"}
OLD = {"id": "old", "name": "Old chair", "price": {"minor": 1, "currency": "EUR"}, "active": False}


@pytest.fixture
async def defined(world: World) -> World:
    """A tenant with a product catalogue."""
    saved = [{"kind": "product", "id": body["id"], "body": body} for body in (CHAIR, OLD)]
    assert (await world.call("PUT", "/v1/definitions", {"definitions": saved})).status == 200
    return world


@pytest.mark.parametrize(
    ("row", "made"),
    [
        ({"product_id": "chair"}, ProductRow("chair", "Chair", 1_000, Money(5_000, "EUR"), unit="pc")),
        ({"product_id": "chair", "quantity_milli": 500, "price": {"minor": 4_000, "currency": "EUR"}},
         ProductRow("chair", "Chair", 500, Money(4_000, "EUR"), unit="pc")),
        ({"product_id": "chair", "name": "Seat", "price": {"minor": 1, "currency": "EUR"}, "unit": "", "row_id": "r1",
          "discount_milli": 12_500}, ProductRow("chair", "Seat", 1_000, Money(1, "EUR"), "r1", 12_500)),
        ({"name": "Work", "price": {"minor": 7, "currency": "EUR"}}, ProductRow("", "Work", 1_000, Money(7, "EUR"))),
    ],
)  # fmt: skip
async def test_a_row_takes_over_its_product(defined: World, row: dict[str, Any], made: ProductRow):
    """In items and orders alike; what the row says itself counts."""
    assert (await defined.call("POST", CHANGES, {"kind": "create", "rows": [row]})).status == 202
    order = {"order_id": "A1", "amount": {"minor": 1, "currency": "EUR"}, "rows": [row]}
    assert (await defined.call("POST", "/v1/orders", order)).status == 202
    assert [letter.change.rows for letter in defined.outbox.letters] == [(made,), (made,)]


@pytest.mark.parametrize("wrong", [{"discount_milli": 100_001}, {"discount_milli": -1}, {"unit": "u" * 51}])
async def test_a_row_out_of_range(defined: World, wrong: dict[str, Any]):
    """The part at fault is named."""
    reply = await defined.call("POST", CHANGES, {"kind": "save", "rows": [{"product_id": "chair", **wrong}]})
    assert reply.status == 422
    assert any(path.endswith(f"rows[0].{next(iter(wrong))}") for path, _ in reply.paths)


@pytest.mark.parametrize("row", [{"product_id": "moon"}, {"product_id": "old"}, {"name": "Work"}])
async def test_a_row_without_a_price(defined: World, row: dict[str, Any]):
    """No such product, one that is not sold any more, or none at all."""
    reply = await defined.call("POST", CHANGES, {"kind": "save", "rows": [row]})
    assert (reply.status, reply.paths) == (422, [("rows[0].product_id", "unknown_product")])
    order = {"order_id": "A1", "amount": {"minor": 1, "currency": "EUR"}, "rows": [row]}
    assert (await defined.call("POST", "/v1/orders", order)).status == 422
    assert not defined.outbox.letters
