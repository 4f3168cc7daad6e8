"""Payment links: how they are made, and the index that finds the page behind one."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable

from automation.envelope import Recorded
from automation.payments.events import PaymentDocumentPaid, PaymentDocumentVoided
from automation.payments.page import Page, page_of, turned

TOKEN_BYTES = 24
"""192 bits of a keyed hash: nobody guesses a link, and one link tells nothing of another."""


def link_maker(base_url: str, secret: bytes) -> Callable[[str], str]:
    """Return what makes the link of a payment id, `<base>/<token>`; raises `ValueError` for a short secret."""
    if len(secret) < 32:
        raise ValueError("the secret of payment links needs 32 bytes")
    base = base_url.rstrip("/")

    def link_for(payment_id: str) -> str:
        mac = hmac.digest(secret, b"payment-link\x00" + payment_id.encode(), hashlib.sha256)
        return f"{base}/{urlsafe_b64encode(mac[:TOKEN_BYTES]).decode()}"

    return link_for


def token_of(link: str) -> str:
    """Return the token of a link: its last part."""
    return link.rpartition("/")[2]


class PaymentPages:
    """Pages by token, folded from `crm.payment-events` in order per payable; an event read again changes nothing."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._tokens: dict[str, str] = {}

    def apply(self, recorded: Recorded) -> None:
        """Fold one event of the payments log."""
        event = recorded.event
        if (page := page_of(recorded)) is not None:
            token = self._tokens.setdefault(page.payment_id, token_of(page.link))
            self._pages.setdefault(token, page)
        elif isinstance(event, PaymentDocumentPaid | PaymentDocumentVoided):
            token = self._tokens[event.payment_id]
            self._pages[token] = turned(self._pages[token], recorded)

    def lookup(self, token: str) -> Page | None:
        """Return the page behind a token, `None` for an unknown one."""
        return self._pages.get(token)

    def of_payment(self, payment_id: str) -> Page | None:
        """Return the page of a payment document, `None` for an unknown one."""
        token = self._tokens.get(payment_id)
        return None if token is None else self._pages[token]
