"""Given-when-then for a payable: `given` changes are handled, `when` returns the events of one more."""

from __future__ import annotations

from typing import Any

import pytest

from automation.envelope import Key, Recorded
from automation.items.changes import ChangeFrame, ReportOutcome, ReportPayment
from automation.items.parts import ProductRow
from automation.payments.changes import ProviderNotice, RecordPayment, RegisterOrder, RequestPayment
from automation.payments.decide import decide
from automation.payments.evolve import evolve
from automation.payments.outputs import outputs
from automation.payments.state import initial
from automation.values import Money, Personal

DEAL = "acme/deal/7"
OTHER_DEAL = "acme/deal/8"
EUR_100 = Money(10_000, "EUR")
ROWS = (ProductRow("p1", "Chair", 2_000, Money(5_000, "EUR")),)


class Payable:
    """One payable with its log; time advances by a second per change."""

    def __init__(self, key: str) -> None:
        self.key = Key.parse(key)
        self.state = initial()
        self.log: list[Recorded] = []
        self.now = 1_700_000_000_000

    def frame(self, change_id: str, **kwargs: Any) -> ChangeFrame:
        """Return the frame of an outside change, or with `root_id` and `depth` of one within a chain."""
        rest = {"source": "rest_api", "actor": "", "cause_id": "", "root_id": "", "depth": 0} | kwargs
        return ChangeFrame(
            change_id, *self.key, occurred_at=1, source_seq=0, definitions_version=0, signature=b"", **rest
        )

    def when(self, change: Any, change_id: str = "", **kwargs: Any) -> list[Any]:
        """Handle a change and return the events without their envelopes."""
        self.now += 1_000
        frame = self.frame(change_id or f"change-{len(self.log)}", **kwargs)
        decided = decide(self.state, frame, change, self.now, "https://pay.example/p/{}".format, "test")
        self.state = decided.state
        self.log.extend(decided.events)
        return [recorded.event for recorded in decided.events]

    def given(self, *changes: Any) -> Payable:
        """Handle changes whose events do not matter to the test."""
        for change in changes:
            self.when(change)
        return self

    @property
    def only_payment(self) -> str:
        """The id of the one payment document."""
        (payment_id,) = self.state.documents
        return payment_id

    def refolded(self) -> Any:
        """Fold the log anew."""
        state = initial()
        for recorded in self.log:
            state = evolve(state, recorded)
        return state

    def reports(self) -> list[tuple[str, ReportPayment | ReportOutcome]]:
        """Return what the last event tells which items."""
        return [(report.key.text, report.change) for report in outputs(self.log[-1])]

    def ask(self, effect_id: str = "e1", item: str = DEAL, **kwargs: Any) -> RequestPayment:
        """Return a request for a payment document of this payable."""
        order_id = self.key.item_id if self.key.item_type == "order" else ""
        rest = {"amount": EUR_100, "rows": ROWS, "title": Personal("Chairs")} | kwargs
        return RequestPayment(effect_id, f"run-{effect_id}", item, order_id, **rest)

    def notice(self, status: str = "paid", notice_id: str = "n1", **kwargs: Any) -> ProviderNotice:
        """Return a provider's notice about the only payment document, unless another is named."""
        rest = {"amount": EUR_100, "paid_at": 5, "body_digest": f"{notice_id}-{status}"} | kwargs
        payment_id = rest.pop("payment_id", None) or self.only_payment
        return ProviderNotice("generic", notice_id, payment_id, status, **rest)

    def by_hand(self, status: str) -> RecordPayment:
        """Return an employee's record about the only payment document."""
        return RecordPayment(self.only_payment, status, 0)


@pytest.fixture
def deal() -> Payable:
    """A deal that is its own payable."""
    return Payable(DEAL)


@pytest.fixture
def order() -> Payable:
    """An order of 100 euro, linked to one deal."""
    return Payable("acme/order/A1").given(RegisterOrder(EUR_100, (DEAL,)))


@pytest.fixture
def unknown_order() -> Payable:
    """An order that nobody has registered."""
    return Payable("acme/order/A2")


@pytest.fixture(scope="session")
def payable_class() -> type[Payable]:
    """The class itself, for properties that make their own payables."""
    return Payable
