"""Read a product row, or a product of the catalogue (spec 4.39)."""

from __future__ import annotations

from typing import Annotated

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.door import MOST_MINOR
from automation.items.parts import ProductRow
from automation.items.product_rows import sum_of
from automation.params import Takes
from automation.plan import Completed, Context, Failed, Plan
from automation.values import Money

_MILLI = 1_000


class GetProductInformation(Params):
    """A product row of the item, or a product; of several the first."""

    product_row_id: Annotated[tuple[str, ...], Takes("string")]


def plan(context: Context, params: GetProductInformation) -> Plan:
    """Publish what the row says, what is not a row being a product."""
    wanted = next(iter(params.product_row_id), "")
    row = next((row for row in context.item.rows if row.row_id == wanted), None) or _of_catalogue(context, wanted)
    if row is None:
        return Failed("product_not_found")
    total = sum_of(row)
    if abs(total.minor) > MOST_MINOR:
        return Failed("invalid_value:sum")
    return Completed({
        "product_id": row.product_id, "name": row.name, "price": row.price, "quantity": _number(row.quantity_milli),
        "discount_percent": _number(row.discount_milli), "sum": total, "unit": row.unit,
        "currency": row.price.currency,
    })  # fmt: skip


def _of_catalogue(context: Context, wanted: str) -> ProductRow | None:
    product = context.tenant.product(wanted)
    if product is None:
        return None
    price = Money(product.price.minor, product.price.currency)
    return ProductRow(product.id, product.name, _MILLI, price, unit=product.unit)


def _number(milli: int) -> int | float:
    return milli / _MILLI if milli % _MILLI else milli // _MILLI


ENTRY = Entry(
    id="bp_get_product_information",
    kind="action",
    group="products",
    title="Product information",
    description="Reads a product row of the item, or a product of the catalogue, for later steps.",
    spec="4.39",
    types=STAGED,
    params=GetProductInformation,
    results={
        "product_id": "string", "name": "string", "price": "money", "quantity": "number",
        "discount_percent": "number", "sum": "money", "unit": "string", "currency": "string",
    },
    plan=plan,
)  # fmt: skip
