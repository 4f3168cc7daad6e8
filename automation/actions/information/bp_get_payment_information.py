"""Read what is known of the payment of an order (spec 4.38)."""

from __future__ import annotations

from automation import paying
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.payment_effects import PaymentReadRequested
from automation.params import OrderRefs
from automation.plan import Call, Context, Failed, Plan


class GetPaymentInformation(Params):
    """The order; of several the first."""

    order_id: OrderRefs


def plan(context: Context, params: GetPaymentInformation) -> Plan:
    """Ask about the newest payment of the order that is not voided; without one the results are empty."""
    answer = context.answer(paying.PLACE)
    if answer is not None:
        return paying.settled(answer)
    payable = paying.payable_of(context, params.order_id[0])
    if not payable:
        return Failed("order_not_found")
    return Call((PaymentReadRequested(context.effect_id(paying.PLACE), context.run_id, payable),))


ENTRY = Entry(
    id="bp_get_payment_information",
    kind="action",
    group="information",
    title="Payment information",
    description="Hands the newest payment of an order to later steps: its id, amount, and when it was paid.",
    spec="4.38",
    types=STAGED,
    params=GetPaymentInformation,
    results={
        "payment_id": "string",
        "payment_sum": "money",
        "payment_currency": "string",
        "is_paid": "bool",
        "paid_at": "datetime",
    },
    plan=plan,
)
