"""Add a product row (spec 4.2)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field

from automation.catalogue import Entry, Params
from automation.definitions.models import Product
from automation.envelope import STAGED
from automation.items.door import MOST_MINOR, MOST_QUANTITY
from automation.items.parts import ProductRow
from automation.items.product_rows import replaced, sum_of
from automation.params import Takes
from automation.plan import Completed, Context, Failed, Plan
from automation.values import Money

_MILLI = 1_000


class AddProductItem(Params):
    """A product of the catalogue; its price unless another one is given, its name and unit."""

    product_id: Annotated[str, Takes("string", "single_line")]
    price: Annotated[Money | None, Takes("money")] = None
    quantity: Annotated[int | float, Takes("number"), Field(gt=0, le=MOST_QUANTITY // _MILLI)] = 1
    discount_percent: Annotated[int | float, Takes("number"), Field(ge=0, le=100)] = 0


def plan(context: Context, params: AddProductItem) -> Plan:
    """Put one more row behind the others, the product may stand in them already; the amount follows."""
    product = context.tenant.product(params.product_id)
    if product is None:
        return Failed("product_not_found")
    row = _row(context, product, params)
    if not row.quantity_milli:
        return Failed("invalid_value:quantity")
    if max(abs(row.price.minor), abs(sum_of(row).minor)) > MOST_MINOR:
        return Failed("invalid_value:price")
    rows = (*context.item.rows, row)
    return Completed({"product_row_id": row.row_id}, replaced(context.item, rows, context.tenant))


def _row(context: Context, product: Product, params: AddProductItem) -> ProductRow:
    price = params.price or Money(product.price.minor, product.price.currency)
    return ProductRow(
        product.id, product.name, _milli(params.quantity), price, context.effect_id("row"),
        _milli(params.discount_percent), product.unit,
    )  # fmt: skip


def _milli(number: float) -> int:
    """Return the thousandths that a row keeps: of what is finer, the nearest."""
    return int((Decimal(repr(number)) * _MILLI).quantize(Decimal(1), ROUND_HALF_UP))


ENTRY = Entry(
    id="bp_add_product_item",
    kind="action",
    group="products",
    title="Add product item",
    description="Adds a row with a product of the catalogue; the amount of the item follows unless it was given.",
    spec="4.2",
    types=STAGED,
    params=AddProductItem,
    results={"product_row_id": "string"},
    plan=plan,
)
