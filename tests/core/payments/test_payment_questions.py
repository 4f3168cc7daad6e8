"""An item asks about the payment of an order (spec 4.38)."""

from __future__ import annotations

from automation.items.changes import ReportOutcome
from automation.payments.changes import ReadPayment
from automation.payments.events import PaymentRead, PaymentRefused
from automation.values import Money

OTHER = "acme/deal/8"
EUR_100 = Money(10_000, "EUR")
ASKED = ReadPayment("q1", "run-q1", OTHER)


def told(payable):
    """Return what the item that asked is told."""
    payable.when(ASKED)
    ((item, outcome),) = payable.reports()
    assert item == OTHER
    assert isinstance(outcome, ReportOutcome)
    return outcome


def test_an_unpaid_payment(order):
    """Its id, amount and currency; there is no moment of payment yet."""
    order.given(order.ask())

    assert told(order).results == {
        "payment_id": order.only_payment, "payment_sum": EUR_100, "payment_currency": "EUR", "is_paid": False,
    }  # fmt: skip


def test_a_paid_payment(order):
    """With the moment at which the provider says that it was paid."""
    order.given(order.ask())
    order.given(order.notice())

    outcome = told(order)
    assert (outcome.status, outcome.effect_id, outcome.run_id) == ("completed", "q1", "run-q1")
    assert (outcome.results["is_paid"], outcome.results["paid_at"]) == (True, 5)


def test_an_order_without_a_payment(order):
    """The results are empty; a voided payment counts as none."""
    assert told(order).results == {}

    order.given(order.ask())
    order.given(order.by_hand("voided"))
    assert told(order).results == {}


def test_the_newest_one(order):
    """A voided one behind it does not count."""
    order.given(order.ask())
    first = order.only_payment
    order.given(order.by_hand("voided"))
    order.given(order.ask("e2"))
    (newest,) = [name for name in order.state.documents if name != first]

    assert told(order).results["payment_id"] == newest


def test_an_unknown_order(unknown_order, deal):
    """Nobody registered it; and an item is no order."""
    for payable in (unknown_order, deal):
        assert (told(payable).status, told_reason(payable)) == ("failed", "order_not_found")


def told_reason(payable):
    """Return why it was refused."""
    (refused,) = payable.when(ReadPayment("q2", "", OTHER))
    assert isinstance(refused, PaymentRefused)
    return refused.reason


def test_a_question_changes_nothing(order):
    """Folding the log anew gives the same documents; a repeat is not answered twice."""
    order.given(order.ask())
    before = order.state.documents
    (event,) = order.when(ASKED, "c1")

    assert isinstance(event, PaymentRead)
    assert order.when(ASKED, "c1") == []
    assert (order.state.documents, order.refolded()) == (before, order.state)
