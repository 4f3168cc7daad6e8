"""Track order payment (spec 2.2)."""

from __future__ import annotations

from automation.catalogue import Entry

ENTRY = Entry(
    id="track_order_payment",
    kind="trigger",
    group="payment",
    title="Track order payment",
    description="Moves the item when the client pays an order or a payment link of the item.",
    spec="2.2",
    types=("lead", "deal", "quote", "spa_item"),
    fact="order_paid",
    payment=True,
)
