"""Create a payment document and its link, for other rules to hand on (spec 3.1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation import paying
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.door import MOST_MINOR
from automation.items.product_rows import total
from automation.items.state import ItemState
from automation.params import Flag, OrderRefs
from automation.plan import Context, Failed, Plan, Skipped
from automation.scope import Schema
from automation.values import Money


class CreatePaymentLink(Params):
    """`auto_create`: a payment for the item's products; else one for the given order, of several the first."""

    auto_create: Flag = True
    order_id: OrderRefs = ()

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Require the order where none is to be created."""
        if raw.get("auto_create") is False and not raw.get("order_id"):
            yield "order_id", "is required unless auto_create is true"


def has_document(item: ItemState, order_id: str) -> bool:
    """Say whether the item has a payment document, or one being created, that is not of the named order."""
    return any(p.status != "voided" and (not order_id or p.order_id != order_id) for p in item.payments.values())


def plan(context: Context, params: CreatePaymentLink) -> Plan:
    """Ask for the payment document once; then publish what came of it."""
    answer = context.answer(paying.PLACE)
    if answer is not None:
        return paying.settled(answer)
    return _by_item(context) if params.auto_create else _by_order(context, next(iter(params.order_id), ""))


def _by_item(context: Context) -> Plan:
    item = context.item
    if has_document(item, ""):
        return Skipped("payment_document_exists")
    amount = total(item.rows, context.tenant.rates) if item.rows else item.fields.get("amount")
    if not isinstance(amount, Money) or amount.minor <= 0:
        return Failed("nothing_to_pay")
    if amount.minor > MOST_MINOR:
        return Failed("invalid_value:amount")
    return paying.ask(context, context.key.text, amount=amount, rows=item.rows)


def _by_order(context: Context, order_id: str) -> Plan:
    if not order_id:
        return Failed("missing_value:order_id")
    return paying.ask_for_order(context, order_id, exists=has_document(context.item, order_id))


ENTRY = Entry(
    id="create_payment_link",
    kind="rule",
    group="payment",
    title="Create payment link",
    description="Creates a payment document for the item or an order and hands its link to other rules.",
    spec="3.1.1",
    types=STAGED,
    params=CreatePaymentLink,
    results={"payment_link": "string", "payment_id": "string", "payment_amount": "money"},
    plan=plan,
)
