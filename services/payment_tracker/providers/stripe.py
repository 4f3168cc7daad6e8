"""Stripe: HMAC-SHA256 over `t.body`, several `v1` during a rotation (docs.stripe.com/webhooks/signatures).

The payment document's id travels in `metadata.payment_id`. Both a session's and its payment intent's event arrive for
one payment; the second changes nothing. Amounts are in minor units, as ours are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from automation.payments.changes import ProviderNotice
from automation.payments.ids import MAX_LENGTH
from automation.values import Moment, Money
from services.payment_tracker.notice_body import MAX_MINOR, MAX_MOMENT
from services.payment_tracker.provider import Headers, Provider, VerifiedNotice, WebhookRefused
from services.payment_tracker.signatures import MAX_HEADER, check_signature, encoded, signed_moment
from services.payment_tracker.strict_json import read_object

NAME = "stripe"
_ID = re.compile(r"[!-~]{1,255}")
_STATUSES: Mapping[str, tuple[str, str]] = {
    "checkout.session.completed": ("paid", "amount_total"),
    "checkout.session.async_payment_succeeded": ("paid", "amount_total"),
    "checkout.session.async_payment_failed": ("failed", "amount_total"),
    "payment_intent.succeeded": ("paid", "amount_received"),
    "payment_intent.payment_failed": ("failed", "amount"),
    "charge.refunded": ("voided", "amount_refunded"),
}
"""What an event type says of the payment document, and where its amount stands; a partial refund has another one."""
_TYPES = {"paid": "payment_intent.succeeded", "failed": "payment_intent.payment_failed", "voided": "charge.refunded"}


class _Object(BaseModel):
    """`data.object`: the fields that all the object kinds share."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    currency: str = Field(pattern=r"^[a-z]{3}$")
    amount: int = Field(ge=0, le=MAX_MINOR)
    payment_id: str = Field(min_length=1, max_length=MAX_LENGTH)


def _verify(headers: Headers, body: bytes, secrets: Sequence[str], now: Moment) -> VerifiedNotice:
    parts = [part.partition("=") for part in headers.get("stripe-signature", "")[:MAX_HEADER].split(",")]
    signatures = [value for name, _, value in parts if name == "v1"]
    if not signatures:
        raise WebhookRefused("signature_missing", 401)
    timestamp = next((value for name, _, value in parts if name == "t"), None)
    sent_at = signed_moment(timestamp, now)
    keys = [secret.encode() for secret in secrets]
    check_signature(signatures, keys, f"{timestamp}.".encode() + body, base64=False)
    try:
        content = read_object(body)
    except ValueError:
        raise WebhookRefused("body_malformed", 400) from None
    notice_id = content.get("id")
    if not (isinstance(notice_id, str) and _ID.fullmatch(notice_id)):
        raise WebhookRefused("id_invalid", 400)
    return VerifiedNotice(notice_id, sent_at, _digest(content), content)


def _digest(content: Mapping[str, Any]) -> str:
    """Return a digest of what a repeat says too: the count of deliveries still open changes between tries."""
    said = {name: value for name, value in content.items() if name != "pending_webhooks"}
    try:
        return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    except orjson.JSONEncodeError:  # lone surrogates, integers beyond 64 bits
        raise WebhookRefused("body_malformed", 400) from None


def _parse(verified: VerifiedNotice) -> ProviderNotice | None:
    found = _STATUSES.get(str(verified.content.get("type")))
    subject = _mapping(_mapping(verified.content.get("data")).get("object"))
    metadata = _mapping(subject.get("metadata"))
    if found is None or "payment_id" not in metadata or _is_pending(verified.content, subject):
        return None
    status, amount_field = found
    try:
        read = _Object.model_validate(
            {"currency": subject.get("currency"), "amount": subject.get(amount_field), **_only_id(metadata)}
        )
    except ValidationError:
        raise WebhookRefused("body_malformed", 400) from None
    amount = Money(read.amount, read.currency.upper())
    moment = _moment(verified)
    return ProviderNotice(NAME, verified.notice_id, read.payment_id, status, amount, moment, verified.body_digest)


def _is_pending(content: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Say whether a session was completed with a payment method that pays later (its own event follows)."""
    return content.get("type") == "checkout.session.completed" and subject.get("payment_status") != "paid"


def _only_id(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"payment_id": metadata["payment_id"]}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _moment(verified: VerifiedNotice) -> Moment:
    created = verified.content.get("created")
    known = type(created) is int and 0 <= created * 1_000 <= MAX_MOMENT
    return created * 1_000 if known and created is not None else verified.sent_at


def _compose(notice: ProviderNotice) -> bytes:
    kind = _TYPES[notice.status]
    subject = {
        "object": kind.split(".", maxsplit=1)[0],
        "currency": notice.amount.currency.lower(),
        _STATUSES[kind][1]: notice.amount.minor,
        "metadata": {"payment_id": notice.payment_id},
    }
    created = notice.paid_at // 1_000
    event = {"id": notice.notice_id, "object": "event", "type": kind, "created": created, "data": {"object": subject}}
    return orjson.dumps(event)


def _sign(notice_id: str, body: bytes, secret: str, now: Moment) -> Headers:
    timestamp = str(now // 1_000)
    signature = encoded(secret.encode(), f"{timestamp}.".encode() + body, base64=False)
    return {"stripe-signature": f"t={timestamp},v1={signature}"}


PROVIDER = Provider(name=NAME, title="Stripe", verify=_verify, parse=_parse, compose=_compose, sign=_sign)
