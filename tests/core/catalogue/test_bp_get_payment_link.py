"""The action `bp_get_payment_link` (spec 4.33)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items.effects import PaymentRequested
from automation.items.process_events import StepCompleted, StepFailed
from automation.payments.changes import RegisterOrder, RequestPayment
from automation.values import Money
from tests.core.catalogue.making_world import refused
from tests.core.payments.conftest import Payable
from tests.core.spec import DEAL, Story, action, deal, template

TYPE = "bp_get_payment_link"
EUR_100 = Money(10_000, "EUR")


def order(name: str = "A1") -> Payable:
    """Return an order of 100 euro."""
    return Payable(f"acme/order/{name}").given(RegisterOrder(EUR_100, ()))


def settle(story: Story, payable: Payable) -> Story:
    """Let `payment_tracker` decide on the request, and deliver what follows from it."""
    asked = story.only(PaymentRequested)
    assert asked.payable == payable.key.text
    payable.when(
        RequestPayment(
            asked.effect_id, asked.run_id, DEAL.text, asked.order_id, asked.amount, asked.rows, asked.title,
            asked.document_exists,
        ),
        asked.effect_id,
    )  # fmt: skip
    for item, change in payable.reports():
        if item == DEAL.text:
            story.when(change, actor="system", source="app")
    return story


def link_of(story: Story) -> Any:
    """Return what the step published."""
    return story.only(StepCompleted).results


def test_a_new_payment_for_what_is_outstanding() -> None:
    """Its link is handed on, to a task of the manager for example."""
    note = action("create_task", "task", title="Pay: {{result:bp_get_payment_link.payment_link}}")
    story = settle(deal(template(action(TYPE, order_id="A1"), note)).begin(), order())
    (task,) = [event for event in story.events if getattr(event, "question", "") == "create_task"]

    link = link_of(story)["payment_link"]
    assert link.startswith("https://pay.example/")
    assert task.args["title"] == f"Pay: {link}"


def test_an_open_payment_is_reused() -> None:
    """The same link for whoever asks."""
    payable = order()
    payable.given(payable.ask())

    results = link_of(settle(deal().run(TYPE, order_id="A1"), payable))
    assert results == {"payment_link": payable.state.documents[payable.only_payment].link}


def test_a_payment_document_of_the_item_does_not_matter() -> None:
    """The rule of 3.1.1 does not apply."""
    paid = c.ReportPayment("p0", "", "paid", EUR_100, "https://pay.test/p0")
    story = deal().when(paid, actor="system", source="app").run(TYPE, order_id="A1")

    assert not story.only(PaymentRequested).document_exists
    assert link_of(settle(story, order()))


def test_a_list_takes_its_first() -> None:
    """The others are for an iterator."""
    assert settle(deal().run(TYPE, order_id=["A2", "A1"]), order("A2")).only(StepCompleted)


def test_a_paid_order() -> None:
    """There is nothing left to pay."""
    payable = order()
    payable.given(payable.ask())
    payable.given(payable.notice())

    assert settle(deal().run(TYPE, order_id="A1"), payable).only(StepFailed).reason == "already_paid"


def test_an_unknown_order() -> None:
    """Nobody registered it."""
    story = settle(deal().run(TYPE, order_id="A1"), Payable("acme/order/A1"))

    assert story.only(StepFailed).reason == "order_not_found"


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 300, "order_not_found"), ("{{field:contact}}", "missing_value:order_id")]
)
def test_what_cannot_be_asked(name: str, reason: str) -> None:
    """Nothing is sent."""
    assert deal().run(TYPE, order_id=name).only(StepFailed).reason == reason


def test_what_saving_refuses() -> None:
    """The order is required."""
    assert refused(TYPE, {}) == {"order_id"}
