"""An item asks for a payment document (spec 3.1.1, 4.33, 6.8)."""

from __future__ import annotations

import pytest

from automation.envelope import Key
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.payments.events import (
    OrderLinked,
    OrderRegistered,
    PaymentChangeSeen,
    PaymentDocumentCreated,
    PaymentDocumentReused,
    PaymentRefused,
)
from automation.payments.ids import payable_of
from automation.values import Money

DEAL = "acme/deal/7"
OTHER_DEAL = "acme/deal/8"
EUR_100 = Money(10_000, "EUR")


def test_an_item_gets_a_document_with_its_rows_amount_and_link(deal):
    """The document is unpaid and holds what the link page shows."""
    request = deal.ask()
    (created,) = deal.when(request)
    assert isinstance(created, PaymentDocumentCreated)
    assert (created.amount, created.rows, created.title) == (EUR_100, request.rows, request.title)
    assert created.link == f"https://pay.example/p/{created.payment_id}"


def test_a_payment_id_contains_its_payable(deal):
    """A notice finds its key without a look-up."""
    deal.given(deal.ask())
    assert payable_of(deal.only_payment) == Key.parse(DEAL)


def test_the_payment_id_follows_from_the_effect_alone(deal):
    """Deciding twice on the same request gives the same id and link."""
    first = type(deal)(DEAL).when(deal.ask())
    assert deal.when(deal.ask()) == first


def test_a_repeated_change_leaves_no_event(deal):
    """A change id is handled once."""
    deal.when(deal.ask(), "c1")
    assert deal.when(deal.ask(), "c1") == []


def test_the_same_effect_in_another_change_gets_the_same_document(deal):
    """A request that was sent again does not become a second document."""
    (created,) = deal.when(deal.ask(), "c1")
    (again,) = deal.when(deal.ask(), "c2")
    assert isinstance(again, PaymentDocumentReused)
    assert (again.payment_id, again.link, again.items) == (created.payment_id, created.link, ())


@pytest.mark.parametrize("status", ["unpaid", "paid"])
def test_an_item_with_a_document_gets_no_second_one(deal, status):
    """A paid document counts as existing, as an unpaid one does."""
    deal.given(deal.ask("e1"))
    if status == "paid":
        deal.given(deal.notice("paid"))
    assert deal.when(deal.ask("e2")) == [PaymentRefused("e2", DEAL, "payment_document_exists", "run-e2")]


def test_a_voided_document_counts_as_absent(deal):
    """After voiding, the item may ask again, and even the same effect gets a document of a new id."""
    deal.given(deal.ask("e1")).given(deal.by_hand("voided"))
    (created,) = deal.when(deal.ask("e1"))
    assert isinstance(created, PaymentDocumentCreated)
    assert len(deal.state.documents) == 2


@pytest.mark.parametrize("minor", [0, -1])
def test_an_item_without_an_amount_has_nothing_to_pay(deal, minor):
    """The sum of the rows is 0 or less."""
    (refused,) = deal.when(deal.ask(amount=Money(minor, "EUR")))
    assert refused.reason == "nothing_to_pay"


def test_the_existing_document_is_named_before_the_missing_amount(deal):
    """The first reason in the order of spec 6.8 is the outcome."""
    (refused,) = deal.when(deal.ask(amount=Money(0, "EUR"), document_exists=True))
    assert refused.reason == "payment_document_exists"


def test_an_unknown_order_is_not_found(unknown_order):
    """Not found comes before every other reason."""
    (refused,) = unknown_order.when(unknown_order.ask(document_exists=True))
    assert refused.reason == "order_not_found"


def test_a_link_alone_does_not_make_an_order_known(unknown_order):
    """Linked before it is registered, an order has no amount to pay yet."""
    unknown_order.given(LinkOrder(DEAL))
    (refused,) = unknown_order.when(unknown_order.ask())
    assert refused.reason == "order_not_found"


def test_an_order_is_paid_by_its_outstanding_amount(order):
    """The amount of the request is not asked for."""
    (created,) = order.when(order.ask(amount=Money(0, "")))
    assert created.amount == EUR_100


def test_an_open_payment_of_an_order_is_reused(order):
    """One open payment per order, whoever asks."""
    (created,) = order.when(order.ask("e1"))
    (reused,) = order.when(order.ask("e2", item=OTHER_DEAL))
    assert isinstance(reused, PaymentDocumentReused)
    assert (reused.link, reused.amount, reused.items) == (created.link, EUR_100, (OTHER_DEAL,))


def test_a_fully_paid_order_is_already_paid(order):
    """Already paid comes before an existing document of the item."""
    order.given(order.ask("e1")).given(order.notice("paid"))
    (refused,) = order.when(order.ask("e2", document_exists=True))
    assert refused.reason == "already_paid"


def test_a_partly_paid_order_is_paid_by_the_rest(order):
    """An order that grew after a payment asks for the difference."""
    order.given(order.ask("e1")).given(order.notice("paid"), RegisterOrder(Money(15_000, "EUR"), ()))
    (created,) = order.when(order.ask("e2"))
    assert created.amount == Money(5_000, "EUR")


def test_another_document_of_the_item_refuses_the_order_too(order):
    """The item said that it has one (spec 3.1.1, mode `no`)."""
    (refused,) = order.when(order.ask(document_exists=True))
    assert refused.reason == "payment_document_exists"


def test_an_order_of_nothing_has_nothing_to_pay(unknown_order):
    """An order of amount 0 is not paid, it has nothing to pay."""
    unknown_order.given(RegisterOrder(Money(0, "EUR"), (DEAL,)))
    (refused,) = unknown_order.when(unknown_order.ask())
    assert refused.reason == "nothing_to_pay"


def test_an_order_keeps_the_items_linked_before_it_was_known(unknown_order):
    """The order in which the shop reports does not matter."""
    unknown_order.given(LinkOrder(OTHER_DEAL))
    assert unknown_order.when(RegisterOrder(EUR_100, (DEAL,))) == [
        OrderRegistered(EUR_100, (OTHER_DEAL, DEAL), new_items=(DEAL,))
    ]


def test_a_save_of_an_order_that_changed_nothing_is_seen(order):
    """So that its repeat changes nothing later either."""
    assert order.when(RegisterOrder(EUR_100, (DEAL,))) == [PaymentChangeSeen("no_change")]


def test_a_linked_item_is_not_linked_again(order):
    """The second link changes nothing."""
    assert order.when(LinkOrder(DEAL)) == [PaymentChangeSeen("no_change")]


def test_a_changed_order_tells_amount_and_new_items_apart(order):
    """One change may be several facts, with versions without gaps."""
    more = Money(20_000, "EUR")
    events = order.when(RegisterOrder(more, (DEAL, OTHER_DEAL)))
    assert events == [OrderRegistered(more, (DEAL,)), OrderLinked(OTHER_DEAL)]
    assert [recorded.envelope.version for recorded in order.log] == [1, 2, 3]


def test_an_item_that_is_linked_later_learns_of_the_open_payment(order):
    """The link travels with the open payment."""
    (created,) = order.when(order.ask())
    (linked,) = order.when(LinkOrder(OTHER_DEAL))
    assert linked == OrderLinked(OTHER_DEAL, created.payment_id, EUR_100, created.link)


def test_a_payment_of_an_order_shows_the_products_of_the_order(order):
    """The asking item's own rows are not what is paid for."""
    rows = order.ask().rows
    order.given(RegisterOrder(EUR_100, (DEAL,), rows))
    (created,) = order.when(order.ask(rows=()))
    assert created.rows == rows
    assert order.when(RegisterOrder(EUR_100, (DEAL,), rows)) == [PaymentChangeSeen("no_change")]


def test_an_item_is_no_order(deal):
    """Orders are registered on keys of orders."""
    assert deal.when(RegisterOrder(EUR_100, ())) == [PaymentChangeSeen("not_an_order")]
