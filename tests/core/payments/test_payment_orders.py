"""What holds for an order whatever arrives for it, and in whatever order (spec 4.33)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automation.items.changes import ReportOutcome
from automation.payments.changes import LinkOrder, ProviderNotice, RecordPayment, RegisterOrder
from automation.payments.events import PaymentDocumentCreated, PaymentDocumentReused, PaymentRefused
from automation.payments.outputs import outputs
from automation.payments.state import outstanding
from automation.values import Money

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["register", "link", "ask", "pay", "void", "hand"]), st.integers(0, 3), st.integers(1, 3)
    ),
    max_size=30,
)


def step(order, kind, number, size):
    """Handle one generated change; payments are chosen among those made so far."""
    made = list(order.state.documents.items())
    if kind == "register":
        order.when(RegisterOrder(Money(size * 5_000, "EUR"), (f"acme/deal/{number}",)))
    elif kind == "link":
        order.when(LinkOrder(f"acme/deal/{number}"))
    elif kind == "ask":
        order.when(order.ask(f"e{number}{size}", item=f"acme/deal/{number}"), f"ask{number}{size}")
    elif made:
        payment_id, document = made[number % len(made)]
        status = "voided" if kind == "void" else "paid"
        notice = ProviderNotice(
            "generic", f"n{kind}{number}", payment_id, status, document.amount, 5, f"{payment_id}{kind}"
        )
        order.when(RecordPayment(payment_id, status, 0) if kind == "hand" else notice)


@given(steps=STEPS)
def test_an_order_has_one_open_payment_at_most_and_answers_each_request_once(payable_class, steps):
    """Over every prefix: one unpaid document, no document above what was outstanding, one answer per request."""
    order = payable_class("acme/order/A1")
    for kind, number, size in steps:
        owed = outstanding(order.state).minor
        before = len(order.log)
        step(order, kind, number, size)
        assert sum(document.status == "unpaid" for document in order.state.documents.values()) <= 1
        created = [r.event for r in order.log[before:] if isinstance(r.event, PaymentDocumentCreated)]
        assert all(0 < document.amount.minor <= owed for document in created)
    answers = [
        report for recorded in order.log for report in outputs(recorded) if isinstance(report.change, ReportOutcome)
    ]
    asked = [
        r for r in order.log if isinstance(r.event, PaymentDocumentCreated | PaymentDocumentReused | PaymentRefused)
    ]
    assert [a.change.effect_id for a in answers] == [r.event.effect_id for r in asked]
    assert len({r.envelope.change_id for r in asked}) == len(asked)
    assert order.refolded() == order.state
