"""Get the link under which an order is paid (spec 4.33)."""

from __future__ import annotations

from automation import paying
from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import OrderRefs
from automation.plan import Completed, Context, Failed, Plan


class GetPaymentLink(Params):
    """The order; of several the first."""

    order_id: OrderRefs


def plan(context: Context, params: GetPaymentLink) -> Plan:
    """Ask for the open payment of the order, or a new one for what is outstanding."""
    answer = context.answer(paying.PLACE)
    if answer is not None:
        return Completed({"payment_link": answer.results["payment_link"]}) if answer.ok else Failed(answer.reason)
    return paying.ask_for_order(context, params.order_id[0], exists=False)


ENTRY = Entry(
    id="bp_get_payment_link",
    kind="action",
    group="information",
    title="Get payment link",
    description="Hands the payment link of an order to later steps: that of its open payment, or of a new one.",
    spec="4.33",
    types=STAGED,
    params=GetPaymentLink,
    results={"payment_link": "string"},
    plan=plan,
)
