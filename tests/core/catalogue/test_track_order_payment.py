"""The trigger `track_order_payment` (spec 2.2, 1.5, 1.11)."""

from __future__ import annotations

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.values import Money
from services.history.timeline import timeline_entry
from tests.core.catalogue.payment_triggers import TYPES, alerts, item, moved, skipped
from tests.core.payments.conftest import Payable
from tests.core.spec import DEAL, Story, pipeline

EUR_20 = Money(2_000, "EUR")
KIND = "track_order_payment"


def report(story: Story, status: str = "paid", payment: str = "p1", order: str = "") -> Story:
    """Let a payment document take a state."""
    return story.when(c.ReportPayment(payment, order, status, EUR_20, "https://pay.test"), source="app")


@pytest.mark.parametrize("item_type", TYPES)
@pytest.mark.parametrize("order", ["", "A1"])
def test_a_payment_moves_every_staged_type(item_type: str, order: str) -> None:
    """A payment document of the item, or of an order that is linked to it."""
    story = report(item(KIND, item_type), order=order)

    assert moved(story) == ["assembly"]
    assert alerts(story) == [("ann", "Desk: payment of 20.00 EUR was paid. Stage: Product assembly.")]


@pytest.mark.parametrize("status", ["unpaid", "voided"])
def test_only_paid_counts(status: str) -> None:
    """The payment is noted, and nothing fires."""
    assert report(item(KIND), status).kinds() == ["PaymentNoted"]


def test_one_payment_fires_once() -> None:
    """A second report changes nothing, nor does one that was overtaken; another payment fires again."""
    story = report(item(KIND))
    assert report(story).kinds() == ["ChangeSeen"]
    assert report(story, "unpaid").kinds() == ["ChangeSeen"]

    story.when(c.SaveItem({}, stage="new"))
    assert moved(report(story, payment="p2")) == ["assembly"]


def test_an_invoice_is_turned_paid_instead() -> None:
    """Its own payment document fires nothing on it."""
    story = report(item(KIND, "invoice").when(c.SaveItem({"amount": EUR_20})))

    assert (moved(story), alerts(story)) == (["won"], [])


def test_a_linked_invoice_does_not_fire_it() -> None:
    """That is `track_invoice_payment`."""
    fact = c.AskItem("f1", "", "invoice_paid", {"invoice_id": "7", "amount": EUR_20}, "")

    assert item(KIND).when(fact, source="app").kinds() == ["InvoicePaidNoted"]


@pytest.mark.parametrize(("over", "moves"), [("Desk", 1), ("Chair", 0)])
def test_the_condition(over: str, moves: int) -> None:
    """False means that the event is ignored: nobody is told."""
    story = report(item(KIND, condition={"field": "title", "op": "eq", "value": over}))

    assert (len(moved(story)), len(alerts(story)), skipped(story)) == (moves, moves, [])


def test_no_move_backwards_unless_allowed() -> None:
    """A closed item included."""
    story = report(item(KIND, stage="won"))
    assert (moved(story), skipped(story)) == ([], ["previous_stage_not_allowed"])
    assert alerts(story) == [("ann", "Desk: payment of 20.00 EUR was paid. Stage: Won.")]

    assert moved(report(item(KIND, stage="won", allow_previous_stage=True))) == ["assembly"]


def test_already_there_or_elsewhere() -> None:
    """On the stage the responsible is told; in another pipeline nothing happens."""
    assert report(item(KIND, stage="assembly")).kinds() == ["PaymentNoted", "NotificationRequested"]
    other = item(KIND, "deal", pipeline("deal", "other", default=False)).when(c.SaveItem({}, pipeline="other"))
    assert report(other).kinds() == ["PaymentNoted"]


def test_on_whose_behalf() -> None:
    """The employee named, else the responsible."""
    for given, name in (("", "ann"), ("user:boss", "boss")):
        (move,) = [r for r in report(item(KIND, on_behalf_of=given)).last.events if isinstance(r.event, e.StageMoved)]
        assert (move.envelope.actor, move.envelope.on_behalf_of) == ("trigger:paid", name)


def test_the_timeline_shows_payment_and_move() -> None:
    """Payment status, then the stage change."""
    entries = [timeline_entry(recorded) for recorded in report(item(KIND)).last.events]

    assert [entry.kind for entry in entries if entry] == ["payment", "stage_changed"]


def test_the_loop_guard_refuses_the_move() -> None:
    """Fifty automated moves within the hour; the responsible is warned once."""
    story = item(KIND)
    for number in range(50):
        report(story, payment=f"p{number}").when(c.SaveItem({}, stage="new"))

    assert skipped(report(story, payment="p50")) == ["loop_detected"]
    assert any("stopped" in text for _, text in alerts(story))
    report(story, payment="p51")
    assert not any("stopped" in text for _, text in alerts(story))


# --- where the fact comes from ----------------------------------------------------------------------------------


def test_every_item_linked_to_the_order_is_told() -> None:
    """Those linked later, too; paid by hand as well as online."""
    order = Payable("acme/order/A1").given(RegisterOrder(EUR_20, ("acme/lead/9",)))
    order.when(order.ask("e1", item=DEAL.text))
    order.when(LinkOrder("acme/quote/3"))
    order.when(order.by_hand("paid"))

    told = {item: change for item, change in order.reports() if isinstance(change, c.ReportPayment)}
    assert told.keys() == {DEAL.text, "acme/lead/9", "acme/quote/3"}
    assert moved(item(KIND).when(told[DEAL.text], source="app")) == ["assembly"]
