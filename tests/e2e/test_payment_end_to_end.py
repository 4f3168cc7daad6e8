"""The payment scenario of the specification from outside: all services as processes, a real Kafka, HTTP and CLI alone.

What each rule decides is told in tests/core/items/test_payment_scenario.py; here everything between the parts is real.
"""

from __future__ import annotations

import pytest

from automation.values import Money
from tests.e2e.company import Company, Item, amount_body, eventually

pytestmark = pytest.mark.kafka

EUR_20K = Money(2_000_000, "EUR")
EUR_500 = Money(50_000, "EUR")


def sent(company: Company, amount: Money = EUR_20K, **fields: object) -> Item:
    """Return a deal whose invoice was sent."""
    deal = Item(company, "deal", amount, email_work="client@home.test", **fields)
    return deal.create().save(stage="invoice_sent")


def test_paid_link_moves_the_deal_once(company: Company) -> None:
    """From the stage entry to the client's mail, the page, the notices (repeated, out of order) and the new stage."""
    deal = sent(company)
    link = deal.link()
    assert deal.ending("link-mail") == ("completed", "")
    (mail,) = company.mails(deal)
    assert (mail["recipient"], mail["sender"]) == ("client@home.test", "ann@acme-desks.test")
    assert f"please pay 20000.00 EUR for {deal.title} at {link['payment_link']}" in mail["text"]
    page = eventually(lambda: _page(company, link["payment_link"]))
    assert "20\N{NARROW NO-BREAK SPACE}000.00 EUR" in page
    assert "Waiting for payment" in page

    payment = link["payment_id"]
    notices = [("paid", "n1"), ("paid", "n1"), ("failed", "n0"), ("paid", "n2")]
    answers = [company.notice(payment, EUR_20K, status, f"{name}-{deal.id}").status for status, name in notices]
    assert answers == [204] * 4
    deal.reach("assembly")
    assert deal.ending("assemble") == deal.ending("tell-foremen") == ("completed", "")
    eventually(company.at_rest)

    assert deal.firings() == [("paid-online", "moved", "")]
    assert eventually(deal.alerts) == [f"{deal.title}: payment of 20000.00 EUR was paid. Stage: Product assembly."]
    assert company.told("marta", deal.title) == [f"{deal.title} was paid and can be built"]
    assert [one["facts"]["status"] for one in deal.timeline("payment")] == ["unpaid", "paid"]
    moved = deal.timeline("stage_changed")[-1]
    assert (moved["actor"], moved["on_behalf_of"]) == ("trigger:paid-online", "berta")
    assert deal.ending("still-unpaid") == ("cancelled", "stage_left")
    assert "Paid. Thank you!" in (_page(company, link["payment_link"]) or "")
    assert company.press_pay(link["payment_link"]).status == 409


def _page(company: Company, link: str) -> str | None:
    reply = company.call("GET", link[link.index("/pay/") :])
    return reply.text if reply.status == 200 else None


def test_paid_invoice_moves_its_deal(company: Company) -> None:
    """Paying the invoice's own link turns it Paid, and the deal that it is linked to moves on behalf of another."""
    deal = sent(company, EUR_500, billing="invoice")
    assert deal.ending("link") == ("skipped", "condition_not_met")
    invoice = Item(company, "invoice", EUR_500, number="R-1", email_work="client@home.test")
    source = {"item_type": "deal", "item_id": deal.id, "relation": "source"}
    invoice.create("lena", links=[source]).save(stage="sent")
    assert company.press_pay(invoice.link("invoice-link")["payment_link"]).status == 303

    invoice.reach("paid")
    deal.reach("assembly")
    assert deal.firings() == [("invoice-paid", "moved", "")]
    assert deal.timeline("stage_changed")[-1]["on_behalf_of"] == "lena"
    assert deal.timeline("invoice_paid")[0]["facts"]["invoice_id"] == invoice.id
    eventually(deal.alerts)
    assert deal.alerts() == [f"{deal.title}: invoice of 500.00 EUR was paid. Stage: Product assembly."]


def test_payment_does_not_move_a_deal_back(company: Company) -> None:
    """A deal beyond the trigger's stage stays; the skip is recorded, and the responsible is told all the same."""
    deal = sent(company, EUR_500)
    link = deal.link()
    deal.save(stage="delivery")
    assert company.press_pay(link["payment_link"]).status == 303

    eventually(deal.alerts)
    assert eventually(deal.firings) == [("paid-online", "skipped", "previous_stage_not_allowed")]
    assert deal.state()["stage"] == "delivery"
    assert deal.alerts() == [f"{deal.title}: payment of 500.00 EUR was paid. Stage: Delivery."]


def test_paid_order_moves_a_cancelled_deal_back(company: Company) -> None:
    """The shop's trigger may move backwards: an order that was paid after all is packed."""
    deal = Item(
        company, "deal", EUR_500, email_home="client@home.test", order_id=f"o-{Item(company, 'deal', EUR_500).id}"
    )
    deal.create("ida", pipeline="shop")
    order = {"order_id": deal.fields["order_id"], "amount": amount_body(EUR_500),
             "items": [{"item_type": "deal", "item_id": deal.id}]}  # fmt: skip
    assert company.call("POST", "/v1/orders", order).status == 202
    deal.save(stage="ordered")
    link = deal.link("order-link")
    deal.save(stage="cancelled")
    assert company.press_pay(link["payment_link"]).status == 303

    deal.reach("packing")
    assert deal.firings() == [("order-paid", "moved", "")]
    assert deal.ending("pack") == ("completed", "")
    eventually(lambda: deal.alerts("ida"))


def test_trigger_condition_that_is_false_ignores_the_payment(company: Company) -> None:
    """A sample that is paid stays where it is, and nobody is told; its big-deal rule was skipped too."""
    deal = sent(company, EUR_500, tags=["sample"])
    assert deal.ending("big-deal") == ("skipped", "condition_not_met")
    assert company.press_pay(deal.link()["payment_link"]).status == 303

    eventually(deal.paid)
    eventually(company.at_rest)
    assert (deal.firings(), deal.alerts(), deal.state()["stage"]) == ([], [], "invoice_sent")


def test_deal_deleted_meanwhile_is_left_alone(company: Company) -> None:
    """The client's payment is kept, and nothing happens on the deal that is gone."""
    deal = sent(company, EUR_500)
    link = deal.link()
    deal.delete()
    assert company.press_pay(link["payment_link"]).status == 303

    eventually(lambda: "Paid" in (_page(company, link["payment_link"]) or ""))
    eventually(company.at_rest)
    assert company.get(f"/v1/payments/{link['payment_id']}")["status"] == "paid"
    assert (deal.firings(), deal.alerts(), deal.state()["deleted"]) == ([], [], True)


def test_deal_moved_to_another_pipeline_answers_to_that_ones_triggers(company: Company) -> None:
    """After a move to the web shop its trigger takes the payment; the one of the left pipeline does not see it."""
    deal = sent(company, EUR_500)
    link = deal.link()
    deal.save(pipeline="shop", stage="cart")
    payment = {"status": "paid", "user": "lena"}
    eventually(lambda: company.call("POST", f"/v1/payments/{link['payment_id']}", payment).status == 202)

    deal.reach("packing")
    assert deal.firings() == [("order-paid", "moved", "")]
    assert deal.timeline("stage_changed")[-1]["on_behalf_of"] == "hugo"
