"""Track invoice payment (spec 2.1)."""

from __future__ import annotations

from automation.catalogue import Entry

ENTRY = Entry(
    id="track_invoice_payment",
    kind="trigger",
    group="payment",
    title="Track invoice payment",
    description="Moves the item when an invoice linked to it becomes Paid.",
    spec="2.1",
    types=("lead", "deal", "quote", "spa_item"),
    fact="invoice_paid",
    payment=True,
)
