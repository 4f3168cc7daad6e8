"""What the page behind a payment link shows (spec 1.13): amount, rows and whether it can still be paid."""

from __future__ import annotations

from typing import NamedTuple

from automation.envelope import Key, Recorded
from automation.items.parts import ProductRow
from automation.payments.events import PaymentDocumentCreated, PaymentDocumentPaid, PaymentDocumentVoided
from automation.values import Money, Personal


class Page(NamedTuple):
    """A payment link's page as of a version of its payable."""

    payable: Key
    version: int
    payment_id: str
    title: Personal
    rows: tuple[ProductRow, ...]
    amount: Money
    status: str
    link: str

    @property
    def takes_payment(self) -> bool:
        """Say whether the client may pay: refused once paid or voided."""
        return self.status == "unpaid"


def page_of(recorded: Recorded) -> Page | None:
    """Return the page of a new payment document, `None` for every other event."""
    envelope, event = recorded
    if not isinstance(event, PaymentDocumentCreated):
        return None
    return Page(
        envelope.key, envelope.version, event.payment_id, event.title, event.rows, event.amount, "unpaid", event.link
    )


def turned(page: Page, recorded: Recorded) -> Page:
    """Return the page after a later event of its document; one that it already reflects changes nothing."""
    envelope, event = recorded
    if envelope.version <= page.version:
        return page
    match event:
        case PaymentDocumentPaid():
            return page._replace(status="paid", version=envelope.version)
        case PaymentDocumentVoided():
            return page._replace(status="voided", version=envelope.version)
        case _:
            return page
