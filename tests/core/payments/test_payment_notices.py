"""Providers and employees report on payment documents (spec 1.13, 2.2)."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.payments.events import (
    NoticeIgnored,
    PaymentChangeSeen,
    PaymentDocumentPaid,
    PaymentDocumentVoided,
)
from automation.values import Money


@pytest.fixture
def asked(deal):
    """A deal with one unpaid document."""
    return deal.given(deal.ask())


def test_a_paid_notice_pays_the_document(asked):
    """The fact carries who paid it, when, and whom to tell."""
    (paid,) = asked.when(asked.notice("paid"))
    assert isinstance(paid, PaymentDocumentPaid)
    assert (paid.provider, paid.notice_id, paid.paid_at, paid.items) == ("generic", "n1", 5, ("acme/deal/7",))


@pytest.mark.parametrize(
    ("before", "then", "reason"),
    [
        (["paid"], "paid", "already_paid"),
        (["paid"], "failed", "already_paid"),
        (["voided"], "paid", "voided"),
        (["voided"], "voided", "voided"),
        (["voided"], "failed", "voided"),
        ([], "failed", "attempt_failed"),
        ([], "refund_pending", "unknown_status"),
    ],
)
def test_a_notice_that_comes_late_has_no_effect(asked, before, then, reason):
    """Notices of other ids than before are ignored with the reason."""
    asked.given(*(asked.notice(status, f"n-{status}") for status in before))
    status = asked.state.documents[asked.only_payment].status
    (ignored,) = asked.when(asked.notice(then, "late"))
    assert isinstance(ignored, NoticeIgnored)
    assert ignored.reason == reason
    assert asked.state.documents[asked.only_payment].status == status


def test_money_given_back_voids_a_paid_document(asked):
    """It counts as absent from then on."""
    asked.given(asked.notice("paid"))
    (voided,) = asked.when(asked.notice("voided", "n2"))
    assert isinstance(voided, PaymentDocumentVoided)


def test_a_payment_after_a_failed_attempt_counts(asked):
    """A failed attempt leaves the document unpaid."""
    asked.given(asked.notice("failed"))
    (paid,) = asked.when(asked.notice("paid", "n2"))
    assert isinstance(paid, PaymentDocumentPaid)


def test_a_notice_id_in_another_change_is_a_duplicate(asked):
    """Even when its change id was forgotten or made otherwise."""
    asked.given(asked.notice("paid"))
    (ignored,) = asked.when(asked.notice("paid"))
    assert ignored.reason == "duplicate"


def test_a_known_notice_id_with_another_body_is_noted(asked):
    """It has no effect, whatever it says, and the log shows both digests."""
    asked.given(asked.notice("failed", body_digest="a"))
    (ignored,) = asked.when(asked.notice("paid", body_digest="b"))
    assert (ignored.reason, ignored.body_digest) == ("body_differs", "b")
    assert asked.when(asked.notice("failed", body_digest="a"))[0].reason == "duplicate"


@pytest.mark.parametrize("amount", [Money(9_999, "EUR"), Money(10_001, "EUR"), Money(10_000, "USD")])
@pytest.mark.parametrize("status", ["paid", "voided"])
def test_an_amount_that_differs_changes_nothing(asked, amount, status):
    """Neither a smaller payment nor a partial refund is the document's."""
    (ignored,) = asked.when(asked.notice(status, amount=amount))
    assert ignored.reason == "amount_differs"


def test_a_notice_about_an_unknown_document_is_noted(asked):
    """The payable exists, the document does not."""
    (ignored,) = asked.when(asked.notice(payment_id="foreign"))
    assert ignored.reason == "unknown_payment"


def test_two_providers_may_use_the_same_notice_id(asked):
    """Notice ids belong to their provider."""
    asked.given(asked.notice("failed"))
    (paid,) = asked.when(dataclasses.replace(asked.notice("paid"), provider="stripe"))
    assert isinstance(paid, PaymentDocumentPaid)


def test_an_employee_records_a_payment(asked):
    """Without a moment of its own it was paid when recorded."""
    (paid,) = asked.when(asked.by_hand("paid"), actor="user:5")
    assert (paid.provider, paid.paid_at) == ("manual", asked.now)
    assert asked.log[-1].envelope.actor == "user:5"


def test_an_employee_voids_a_document(asked):
    """Who voided it stands in the fact."""
    (voided,) = asked.when(asked.by_hand("voided"))
    assert (voided.reason, voided.provider) == ("manual", "manual")


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [("paid", "paid", "already_paid"), ("voided", "paid", "voided"), ("voided", "voided", "voided")],
)
def test_a_record_by_hand_that_changes_nothing_is_seen(asked, first, then, reason):
    """The reason is that of a provider's notice."""
    asked.given(asked.by_hand(first))
    assert asked.when(asked.by_hand(then)) == [PaymentChangeSeen(reason)]


def test_a_notice_after_a_payment_by_hand_pays_nothing_twice(asked):
    """One payment fires once."""
    asked.given(asked.by_hand("paid"))
    (ignored,) = asked.when(asked.notice("paid"))
    assert ignored.reason == "already_paid"


NOTICES = st.lists(
    st.tuples(st.sampled_from(["paid", "failed", "voided", "paid_other_amount"]), st.integers(0, 5), st.integers(0, 2)),
    max_size=25,
)


@given(notices=NOTICES)
def test_any_order_of_notices_pays_once_at_most_and_leaves_no_gap(payable_class, notices):
    """Duplicates, disorder and bodies that differ: one Paid at most, versions from 1 without gaps, fold = state."""
    deal = payable_class("acme/deal/7")
    deal.given(deal.ask())
    for status, number, body in notices:
        amount = Money(1, "EUR") if status == "paid_other_amount" else Money(10_000, "EUR")
        notice = deal.notice(status.split("_")[0], f"n{number}", amount=amount, body_digest=f"{status}{body}")
        deal.when(notice, f"notice-{number}-{status}-{body}")
    kinds = Counter(type(recorded.event) for recorded in deal.log)
    assert kinds[PaymentDocumentPaid] <= 1
    assert kinds[PaymentDocumentVoided] <= 1
    assert [recorded.envelope.version for recorded in deal.log] == list(range(1, len(deal.log) + 1))
    assert deal.refolded() == deal.state


@given(order=st.permutations(["paid", "failed", "paid", "failed", "paid"]), twice=st.booleans())
def test_every_order_with_a_payment_in_it_pays_exactly_once(payable_class, order, twice):
    """Whatever stands before or after it, the payment counts, and once."""
    deal = payable_class("acme/deal/7")
    deal.given(deal.ask())
    for number, status in enumerate(order * (2 if twice else 1)):
        deal.when(deal.notice(status, f"n{number % len(order)}"), f"c{number % len(order)}")
    assert sum(isinstance(recorded.event, PaymentDocumentPaid) for recorded in deal.log) == 1


@given(order=st.permutations([("paid", "n1"), ("voided", "n2"), ("failed", "n3")]))
def test_where_a_document_ends_does_not_depend_on_the_order(payable_class, order):
    """Given back is given back, even when the provider said so first."""
    deal = payable_class("acme/deal/7")
    deal.given(deal.ask())
    deal.given(*(deal.notice(status, notice_id) for status, notice_id in order))
    assert deal.state.documents[deal.only_payment].status == "voided"


def test_repeats_of_one_notice_do_not_push_out_the_others(asked):
    """Each notice id is remembered once, with the body it had first."""
    asked.given(asked.notice("failed"), asked.notice("failed"), asked.notice("paid", body_digest="other"))
    assert len(asked.state.notices) == 32
