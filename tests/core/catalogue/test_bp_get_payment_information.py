"""The action `bp_get_payment_information` (spec 4.38)."""

from __future__ import annotations

import pytest

from automation.items.payment_effects import PaymentReadRequested
from automation.items.process_events import StepCompleted, StepFailed
from automation.payments.changes import ReadPayment, RegisterOrder
from automation.values import Money
from tests.core.catalogue.making_world import refused
from tests.core.payments.conftest import Payable
from tests.core.spec import DEAL, Story, deal

TYPE = "bp_get_payment_information"
EUR_100 = Money(10_000, "EUR")


def order() -> Payable:
    """Return an order of 100 euro."""
    return Payable("acme/order/A1").given(RegisterOrder(EUR_100, ()))


def read(payable: Payable) -> Story:
    """Let `payment_tracker` answer a deal that asks about the order A1."""
    story = deal().run(TYPE, order_id="A1")
    asked = story.only(PaymentReadRequested)
    assert asked.payable == payable.key.text
    payable.when(ReadPayment(asked.effect_id, asked.run_id, DEAL.text), asked.effect_id)
    ((item, change),) = payable.reports()
    assert item == DEAL.text
    return story.when(change, actor="system", source="app")


def test_a_paid_payment() -> None:
    """Its id, amount, currency, and when it was paid."""
    payable = order()
    payable.given(payable.ask())
    payable.given(payable.notice())

    assert read(payable).only(StepCompleted).results == {
        "payment_id": payable.only_payment, "payment_sum": EUR_100, "payment_currency": "EUR", "is_paid": True,
        "paid_at": 5,
    }  # fmt: skip


def test_without_a_payment_the_results_are_empty() -> None:
    """That is no failure."""
    assert read(order()).only(StepCompleted).results == {}


def test_an_unknown_order() -> None:
    """It works with orders of the CRM alone."""
    assert read(Payable("acme/order/A1")).only(StepFailed).reason == "order_not_found"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\u200eb\x00", "order_not_found"),
        ("x" * 300, "order_not_found"),
        ("{{field:contact}}", "missing_value:order_id"),
    ],
)
def test_what_cannot_be_asked(name: str, reason: str) -> None:
    """Nothing is sent."""
    assert deal().run(TYPE, order_id=name).only(StepFailed).reason == reason


def test_what_saving_refuses() -> None:
    """The order is required."""
    assert refused(TYPE, {}) == {"order_id"}
