"""Orders as the HTTP API shows them (spec 1.13)."""

from __future__ import annotations

from tests.gateway_world import CANARY, World, world

__all__ = ["world"]


async def test_an_order_shows_what_is_outstanding(world: World):
    """Amount, items, rows, and each payment document with its state."""
    found = (await world.call("GET", "/v1/orders/acme-1")).json

    assert (found["amount"], found["outstanding"]) == (
        {"minor": 25_000, "currency": "EUR"}, {"minor": 15_000, "currency": "EUR"},
    )  # fmt: skip
    assert found["items"] == [{"item_type": "deal", "item_id": "acme-1"}]
    assert [row["name"] for row in found["rows"]] == [CANARY["acme"]]
    assert [(one["status"], one["amount"]["minor"]) for one in found["payments"]] == [
        ("paid", 10_000),
        ("unpaid", 15_000),
    ]


async def test_unknown_and_foreign_orders_are_not_there(world: World):
    """One tenant's order is none of another's."""
    assert (await world.call("GET", "/v1/orders/moon")).status == 404
    assert (await world.call("GET", "/v1/orders/other-1")).status == 404
