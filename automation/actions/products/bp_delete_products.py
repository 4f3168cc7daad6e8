"""Remove all product rows (spec 4.24)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.product_rows import replaced
from automation.plan import Completed, Context, Plan, Skipped


def plan(context: Context, _params: Params) -> Plan:
    """Leave the item without rows; its payment documents stay as they are."""
    if not context.item.rows:
        return Skipped("no_products")
    return Completed(events=replaced(context.item, (), context.tenant))


ENTRY = Entry(
    id="bp_delete_products",
    kind="action",
    group="products",
    title="Delete products",
    description="Removes all product rows; the amount of the item becomes 0 unless it was given.",
    spec="4.24",
    types=STAGED,
    plan=plan,
)
