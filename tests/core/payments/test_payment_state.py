"""What a payable remembers, and which changes are unfit for it."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.envelope import Key
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.payments.checks import flaw
from automation.payments.ids import MAX_LENGTH, payable_of, payment_id
from automation.seen import KEPT, WIDTH, digest, position, remember
from automation.values import Money

EUR_100 = Money(10_000, "EUR")
PARTS = st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(tenant=PARTS, kind=PARTS, item=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_every_payable_comes_back_from_its_payment_id(tenant, kind, item):
    """Slashes in the id and any script included."""
    key = Key(tenant, kind, item)
    assert payable_of(payment_id(key, "e1", 1)) == key


@pytest.mark.parametrize(
    "text",
    ["", ".", "YWNtZQ.t", "!!!.t", "YWNtZS9kZWFsLzc", "YWNtZS9kZWFsLzc=.t", "YWNtZS9kZWFsLzd.t", "é.t", "A" * 481],
)
def test_what_is_no_payment_id_has_no_payable(text):
    """Other spellings of a key included: one document has one id."""
    assert payable_of(text) is None


def test_the_last_thousand_ids_are_remembered():
    """The oldest is forgotten first."""
    seen = b""
    for number in range(KEPT + 1):
        seen = remember(seen, digest(str(number)))
    assert len(seen) == KEPT * WIDTH
    assert position(seen, digest("0")) == -1
    assert position(seen, digest("1")) == 0


def test_a_digest_across_two_entries_is_not_found():
    """Only whole entries count."""
    first, second = digest("a"), digest("b")
    assert position(first + second, first[8:] + second[:8]) == -1


def test_time_never_goes_back(deal):
    """A change appended before the last event's moment is recorded at that moment."""
    deal.given(deal.ask())
    deal.now -= 60_000
    deal.when(deal.notice("paid"))
    assert deal.log[1].envelope.recorded_at == deal.log[0].envelope.recorded_at


def test_a_fit_change_has_no_flaw(deal, order):
    """Requests on items and orders, notices on their payable."""
    deal.given(deal.ask())
    assert flaw(deal.frame("c"), deal.ask()) is None
    assert flaw(deal.frame("c"), deal.notice()) is None
    assert flaw(order.frame("c"), order.ask()) is None


@pytest.mark.parametrize(
    "change", [RegisterOrder(EUR_100, ("other/deal/1",)), LinkOrder("other/deal/1"), LinkOrder("nonsense")]
)
def test_items_of_another_tenant_are_refused(order, change):
    """A payable tells nobody outside its tenant."""
    assert "no item of the payable's tenant" in (flaw(order.frame("c"), change) or "")


def test_a_request_on_another_key_than_its_own_is_refused(deal, order):
    """Key and body agree."""
    assert flaw(deal.frame("c"), order.ask())
    assert flaw(order.frame("c"), deal.ask())


def test_a_notice_on_another_key_than_its_documents_is_refused(deal, order):
    """A notice cannot pay into another payable's log."""
    deal.given(deal.ask())
    assert flaw(order.frame("c"), deal.notice())
    assert flaw(deal.frame("c"), dataclasses.replace(deal.notice(), payment_id="nonsense"))


def test_a_change_without_an_id_is_refused(deal):
    """It could not be told from its repeat."""
    assert flaw(deal.frame(""), deal.ask())


def test_a_payable_whose_id_fits_no_payment_id_is_refused(deal):
    """Providers carry 500 characters."""
    assert flaw(deal.frame("c")._replace(item_id="x" * MAX_LENGTH), LinkOrder("acme/deal/1"))
