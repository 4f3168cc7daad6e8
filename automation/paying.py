"""Ask for payments of orders, for rules and process actions (spec 3.1.1, 4.33, 4.38)."""

from __future__ import annotations

from automation.envelope import Key
from automation.items.effects import PaymentRequested
from automation.items.parts import ProductRow
from automation.payments.state import ORDER
from automation.plan import Answer, Call, Completed, Context, Failed, Plan, Skipped
from automation.records.asking import is_id
from automation.values import Money, Personal, plain

PLACE = "payment"


def payable_of(context: Context, order_id: str) -> str:
    """Return the key of an order; empty for a text that cannot be the id of one."""
    return Key(context.key.tenant, ORDER, order_id).text if is_id(order_id) else ""


def ask_for_order(context: Context, order_id: str, *, exists: bool) -> Plan:
    """Ask for the open payment of an order, or a new one; `exists`: the item has another payment document."""
    payable = payable_of(context, order_id)
    return ask(context, payable, order_id, exists=exists) if payable else Failed("order_not_found")


def ask(
    context: Context, payable: str, order_id: str = "", amount: Money = Money(0, ""),  # noqa: B008 - frozen
    rows: tuple[ProductRow, ...] = (), *, exists: bool = False,
) -> Call:  # fmt: skip
    """Return the call for a payment document."""
    title = Personal(str(plain(context.item.fields.get("title")) or ""))
    effect_id = context.effect_id(PLACE)
    return Call((PaymentRequested(effect_id, context.run_id, payable, order_id, amount, rows, title, exists),))


def settled(answer: Answer) -> Plan:
    """Publish what came of a call."""
    if answer.ok:
        return Completed(dict(answer.results))
    return Skipped(answer.reason) if answer.status == "skipped" else Failed(answer.reason)
