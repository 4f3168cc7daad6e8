"""The body of a payment notice in Stagewire's own form, for shops and providers without one of theirs."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from automation.payments.changes import ProviderNotice
from automation.payments.ids import MAX_LENGTH
from automation.values import Money
from services.payment_tracker.provider import VerifiedNotice, WebhookRefused

_STATUSES: Mapping[str, str] = {"payment.paid": "paid", "payment.failed": "failed", "payment.voided": "voided"}
MAX_MINOR = 10**15
MAX_MOMENT = 253_402_300_799_999
"""The end of the year 9999."""


class _Data(BaseModel):
    """`data` of the body; what it has beyond these fields is left alone."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    payment_id: str = Field(min_length=1, max_length=MAX_LENGTH)
    amount_minor: int = Field(ge=0, le=MAX_MINOR)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    paid_at: int | None = Field(default=None, ge=0, le=MAX_MOMENT)


def parse_notice(provider: str, verified: VerifiedNotice) -> ProviderNotice | None:
    """Read `{"type": "payment.paid", "data": {…}}`; another type is about no payment document."""
    status = _STATUSES.get(str(verified.content.get("type")))
    if status is None:
        return None
    try:
        data = _Data.model_validate(verified.content.get("data"))
    except ValidationError:
        raise WebhookRefused("body_malformed", 400) from None
    paid_at = verified.sent_at if data.paid_at is None else data.paid_at
    amount = Money(data.amount_minor, data.currency)
    return ProviderNotice(provider, verified.notice_id, data.payment_id, status, amount, paid_at, verified.body_digest)


def compose_notice(notice: ProviderNotice) -> bytes:
    """Write the body of a notice."""
    data = {
        "payment_id": notice.payment_id,
        "amount_minor": notice.amount.minor,
        "currency": notice.amount.currency,
        "paid_at": notice.paid_at,
    }
    return orjson.dumps({"type": f"payment.{notice.status}", "data": data})
