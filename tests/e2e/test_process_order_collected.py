"""An order is collected: payment link, reminders by mail and SMS, payment, won; a real Kafka, all from outside.

What each action decides is told in tests/core/catalogue; here everything between the parts is real.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from automation.values import Money
from services.edge.kafka import KafkaSettings
from tests.e2e.company import Company, Item, amount_body, eventually
from tests.e2e.instances import Instance, applied, changed_by_redelivery, comments, now_ms, start

pytestmark = pytest.mark.kafka

EUR_500 = Money(50_000, "EUR")


class Collected(NamedTuple):
    """A deal whose order was paid after two reminders."""

    deal: Item
    order: str
    process: Instance
    since: int


@pytest.fixture(scope="module")
def orders(company: Company) -> Iterator[Company]:
    """The example company, which collects orders."""
    with applied(company, "order_collected.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def collected(orders: Company) -> Collected:
    """Ordered, reminded twice, paid by a signed notice."""
    since = now_ms()
    deal = Item(orders, "deal", EUR_500, email_work="client@home.test", phone_mobile="+49 170 1234")
    deal.create(pipeline="e2e-orders")
    order = f"o-{deal.id}"
    made = {"order_id": order, "amount": amount_body(EUR_500), "items": [{"item_type": "deal", "item_id": deal.id}]}
    assert orders.call("POST", "/v1/orders", made).status == 202
    eventually(lambda: [one for one in deal.state()["links"] if one["item_id"] == order])

    process = start(deal, "e2e-collect").at("Reminded enough")
    (unpaid,) = orders.get(f"/v1/orders/{order}")["payments"]
    assert orders.notice(unpaid["payment_id"], EUR_500, "paid", f"c-{deal.id}").status == 204
    deal.reach("won")
    assert deal.ending("e2e-cheer") == ("completed", "")
    return Collected(deal, order, process.ended(), since)


def test_the_log_tells_of_every_round(collected: Collected) -> None:
    """Two waits that were too long, with a reminder each; the third one ended with the payment."""
    rounds = [
        {f"soon#{at}": "failed timeout", f"mail#{at}": "completed", f"sms#{at}": "completed", f"paid#{at}": "completed"}
        for at in range(2)
    ]
    assert collected.process.steps() == {
        "link": "completed", "note": "completed", "look": "completed", **rounds[0], **rounds[1],
        "late#2": "completed", "paid#2": "completed", "over": "completed", "thank": "completed",
    }  # fmt: skip
    entry = collected.process.entry()
    assert (entry["status"], entry["variables"]) == ("completed", {"reminded": "!!"})
    wanted = {"late.ended_by": "client_activity", "over.ended_count": 1, "paid.is_paid": True,
              "paid.payment_sum": amount_body(EUR_500)}  # fmt: skip
    assert {name: entry["results"][name] for name in wanted} == wanted
    (ended,) = [line for line in entry["log"] if line["kind"] == "loop_ended"]
    assert (ended["reason"], ended["facts"]["rounds"]) == ("", 3)


def test_the_client_was_reminded_twice(collected: Collected) -> None:
    """By mail and by SMS, each with the link, which stayed the same; nothing was sent twice."""
    deal = collected.deal
    link = collected.process.result("link.payment_link")
    kept = [[one[name] for name in ("channel", "recipient", "subject", "text")] for one in deal.company.mails(deal)]
    mails = [["client_email", "client@home.test", f"Reminder{marks}", f"Please pay {deal.title}: {link}"]
             for marks in ("", "!")]  # fmt: skip
    assert sorted(kept) == [*mails, *[["sms", "+49 170 1234", "", f"Please pay {link}"]] * 2]
    assert len(deal.timeline("client_email")) == len(deal.timeline("client_sms")) == 2
    assert [one["facts"]["closed_by"] for one in deal.timeline("wait")] == ["timeout", "timeout", "client_activity"]


def test_the_deal_is_won_and_celebrated(collected: Collected) -> None:
    """One payment, one move on behalf of another, one alert, one post; the task is over, the comment names the sum."""
    deal, company = collected.deal, collected.deal.company
    (payment,) = company.get(f"/v1/orders/{collected.order}")["payments"]
    assert [one["facts"]["status"] for one in deal.timeline("payment")] == ["unpaid", payment["status"]]
    assert deal.firings() == [("e2e-collected", "moved", "")]
    (moved,) = deal.timeline("stage_changed")
    assert (moved["actor"], moved["on_behalf_of"]) == ("trigger:e2e-collected", "berta")
    assert eventually(deal.alerts) == [f"{deal.title}: payment of 500.00 EUR was paid. Stage: Won."]
    assert comments(deal) == [f"Paid: 500.00 EUR as {payment['payment_id']}"]
    (planned,) = deal.timeline("activity_planned")
    assert planned["facts"]["subject"] == f"Client pays at {payment['link']}"
    (post,) = eventually(lambda: company.get(f"/v1/records/feed_post?item={deal.path}")["records"])
    assert (post["title"], post["text"]) == (f"{deal.title} is won", "Ann Example got 500.00 EUR")
    (task,) = company.get(f"/v1/records/task?item={deal.path}")["records"]
    assert (task["title"], task["status"]) == (f"Watch the payment of {deal.title}", "completed")


def test_a_paid_order_and_an_unknown_one_have_no_link(collected: Collected) -> None:
    """The payment of the paid one is still told of."""
    paid = start(collected.deal, "e2e-look", order=collected.order).ended()
    assert paid.steps() == {"link": "failed already_paid", "info": "completed"}
    assert paid.result("info.is_paid") is True
    unknown = start(collected.deal, "e2e-look", order="no-such-order").ended()
    assert unknown.steps() == {"link": "failed order_not_found", "info": "failed order_not_found"}


async def test_nothing_that_is_delivered_again_happens_again(collected: Collected, kafka: KafkaSettings) -> None:
    """Every change, notice, request and answer of the story, each twice more."""
    deal, since, users = collected.deal, collected.since, ("ann", "berta")
    assert not await changed_by_redelivery(deal.company, kafka, since, [deal], users)
    assert len(deal.company.get(f"/v1/orders/{collected.order}")["payments"]) == 1
