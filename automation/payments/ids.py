"""The id of a payment document contains its payable, so that a notice finds its key without a look-up."""

from __future__ import annotations

import base64
import binascii

from automation.envelope import Key, stable_id

MAX_LENGTH = 480
"""Characters; Stripe takes 500 in a value of its metadata."""


def payment_id(payable: Key, effect_id: str, number: int) -> str:
    """Return the id of the payable's document of this number, which an effect asks for: the same on every replay."""
    return f"{_encoded(payable)}.{stable_id('payment', payable.text, effect_id, number)}"


def payable_of(payment: str) -> Key | None:
    """Return the key of the payable, `None` if this is no payment id of ours; its tenant is to be checked."""
    encoded, dot, token = payment.partition(".")
    if not (dot and token and payment.isascii()) or len(payment) > MAX_LENGTH:
        return None
    try:
        key = Key.parse(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    except (binascii.Error, ValueError):
        return None
    return key if _encoded(key) == encoded else None


def too_long(payable: Key) -> bool:
    """Say whether the payable's key is too long for a payment id that providers carry."""
    return len(payment_id(payable, "", 0)) > MAX_LENGTH


def _encoded(payable: Key) -> str:
    return base64.urlsafe_b64encode(payable.text.encode()).decode().rstrip("=")
