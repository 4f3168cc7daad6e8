"""From a provider's HTTP request to a change for `crm.payments`: pure, so the gateway only moves bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from automation.envelope import Key, stable_id
from automation.items.changes import ChangeFrame
from automation.payments.changes import ProviderNotice
from automation.payments.ids import payable_of
from automation.values import Moment
from services.payment_tracker.provider import Provider, WebhookRefused

MAX_BODY = 20_000
"""Bytes; Standard Webhooks keeps payloads below 20 kB."""


class Received(NamedTuple):
    """A believed notice on its way to its payable; the frame is to be signed by whoever sends it."""

    key: Key
    frame: ChangeFrame
    notice: ProviderNotice


def receive(
    provider: Provider, tenant: str, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: Moment
) -> Received | None:
    """Verify raw bytes and return the change, `None` (answer 2xx) if it is about no payment; raises `WebhookRefused`.

    The change id follows from the notice id and what was said: a repeat has one effect, wherever and whenever it
    arrives, and the same id with another body reaches the decision, which refuses and notes it. `Content-Type` is not
    read.
    """
    if len(body) > MAX_BODY:
        raise WebhookRefused("body_too_large", 413)
    if not secrets:
        raise WebhookRefused("unknown_provider", 404)
    lower = {name.lower(): value for name, value in headers.items()}
    notice = provider.parse(provider.verify(lower, body, secrets, now))
    if notice is None:
        return None
    key = payable_of(notice.payment_id)
    if key is None or key.tenant != tenant:
        raise WebhookRefused("unknown_payment", 422)
    return Received(key, _frame(key, notice), notice)


def _frame(key: Key, notice: ProviderNotice) -> ChangeFrame:
    change_id = stable_id("notice", key.tenant, notice.provider, notice.notice_id, notice.body_digest)
    return ChangeFrame(
        change_id=change_id,
        tenant=key.tenant,
        item_type=key.item_type,
        item_id=key.item_id,
        occurred_at=notice.paid_at,
        source="app",
        actor="",
        source_seq=0,
        cause_id="",
        root_id=change_id,
        depth=0,
        definitions_version=0,
        signature=b"",
    )
