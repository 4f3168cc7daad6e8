"""The provider of the local run: its "Pay" button sends a webhook like any other, signed and verified."""

from __future__ import annotations

from functools import partial

from services.payment_tracker.notice_body import compose_notice, parse_notice
from services.payment_tracker.provider import Provider
from services.payment_tracker.standard_webhooks import sign, verify

PROVIDER = Provider(
    name="simulated",
    title="Simulated payments (no money moves)",
    verify=verify,
    parse=partial(parse_notice, "simulated"),
    compose=compose_notice,
    sign=sign,
)
