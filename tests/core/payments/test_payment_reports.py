"""What items are told of their payments, through `crm.changes` (spec 2.2, 5.2)."""

from __future__ import annotations

from automation.items.changes import ReportOutcome, ReportPayment
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.payments.outputs import outputs
from automation.values import Money

DEAL = "acme/deal/7"
OTHER_DEAL = "acme/deal/8"
EUR_100 = Money(10_000, "EUR")


def test_the_asking_item_learns_of_the_document_before_it_gets_the_link(deal):
    """Two changes on the same key, in this order."""
    (created,) = deal.when(deal.ask())
    results = {"payment_link": created.link, "payment_id": created.payment_id, "payment_amount": EUR_100}
    assert deal.reports() == [
        (DEAL, ReportPayment(created.payment_id, "", "unpaid", EUR_100, created.link)),
        (DEAL, ReportOutcome("e1", "run-e1", "completed", "", results)),
    ]


def test_a_payment_of_an_order_is_told_to_the_asking_and_the_linked_items(order):
    """Each of them hears of the document, only the asking one gets the answer."""
    order.when(order.ask(item=OTHER_DEAL))
    assert [(key, type(change)) for key, change in order.reports()] == [
        (OTHER_DEAL, ReportPayment),
        (DEAL, ReportPayment),
        (OTHER_DEAL, ReportOutcome),
    ]


def test_a_reused_payment_answers_with_the_existing_link(order):
    """An item that knows the document hears nothing new but the answer."""
    (created,) = order.when(order.ask("e1"))
    order.when(order.ask("e2"))
    ((key, outcome),) = order.reports()
    assert (key, outcome.effect_id, outcome.status) == (DEAL, "e2", "completed")
    assert outcome.results["payment_link"] == created.link


def test_a_paid_order_payment_is_told_with_its_order(order):
    """All items of the document hear it once each."""
    order.given(order.ask(), LinkOrder(OTHER_DEAL)).given(order.notice("paid"))
    link = order.state.documents[order.only_payment].link
    told = ReportPayment(order.only_payment, "A1", "paid", EUR_100, link)
    assert order.reports() == [(DEAL, told), (OTHER_DEAL, told)]


def test_a_voided_document_is_told(deal):
    """The item's form shows it."""
    deal.given(deal.ask()).given(deal.by_hand("voided"))
    ((_, told),) = deal.reports()
    assert told.status == "voided"


def test_an_item_linked_later_is_told_of_the_open_payment(order):
    """So that it knows the link and is told when it is paid."""
    order.given(order.ask(), LinkOrder(OTHER_DEAL))
    linked, (key, told) = order.reports()
    assert linked[0] == OTHER_DEAL
    assert (key, told.status, told.payment_id) == (OTHER_DEAL, "unpaid", order.only_payment)


def test_items_link_an_order_that_they_were_not_linked_to_before(order, unknown_order):
    """When it is registered and when it is linked, before there is a payment; once each."""
    args = {"item_type": "order", "item_id": "A1", "relation": "order"}
    ((key, told),) = order.reports()
    assert (key, told.question, told.args, told.reply_to) == (DEAL, "link", args, "")

    order.given(RegisterOrder(Money(5_000, "EUR"), (DEAL,)))
    assert order.reports() == []
    order.given(LinkOrder(OTHER_DEAL))
    assert [(key, told.args) for key, told in order.reports()] == [(OTHER_DEAL, args)]

    unknown_order.given(LinkOrder(DEAL), RegisterOrder(EUR_100, (DEAL, OTHER_DEAL)))
    assert [key for key, _ in unknown_order.reports()] == [OTHER_DEAL]


def test_an_existing_document_skips_the_request(deal):
    """Spec 3.1.1: skipped, not failed."""
    deal.when(deal.ask(document_exists=True))
    assert deal.reports() == [(DEAL, ReportOutcome("e1", "run-e1", "skipped", "payment_document_exists", {}))]


def test_every_other_refusal_fails_the_request(unknown_order):
    """The reason code is the outcome's."""
    unknown_order.when(unknown_order.ask())
    assert unknown_order.reports() == [(DEAL, ReportOutcome("e1", "run-e1", "failed", "order_not_found", {}))]


def test_facts_that_concern_no_item_are_told_to_none(deal, order):
    """An ignored notice and the new amount of an order without payments stay in their log."""
    deal.given(deal.ask()).given(deal.notice("failed"))
    order.given(RegisterOrder(Money(5_000, "EUR"), (DEAL,)))
    assert (deal.reports(), order.reports()) == ([], [])


def test_reports_are_the_same_on_every_call(order):
    """Their change ids follow from the event and the item, so a repeat is dropped there."""
    order.when(order.ask(item=OTHER_DEAL))
    first, second = outputs(order.log[-1]), outputs(order.log[-1])
    assert first == second
    assert len({report.frame.change_id for report in first}) == 3


def test_reports_go_on_with_the_chain_of_the_request(deal):
    """Root and depth go along, the event is the cause, the source is `app`."""
    deal.when(deal.ask(), root_id="root-1", depth=3, cause_id="event-9")
    frame = outputs(deal.log[-1])[0].frame
    assert (frame.root_id, frame.depth, frame.source) == ("root-1", 3, "app")
    assert frame.cause_id == deal.log[-1].envelope.event_id


def test_a_notice_starts_a_chain_of_its_own(deal):
    """It is an outside change: its own id is the root, at depth 0."""
    deal.when(deal.ask(), root_id="root-1", depth=3)
    deal.when(deal.notice("paid"), "notice-1")
    frame = outputs(deal.log[-1])[0].frame
    assert (frame.root_id, frame.depth) == ("notice-1", 0)
