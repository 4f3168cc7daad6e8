"""Any shop or provider that signs Stagewire's own notice after Standard Webhooks."""

from __future__ import annotations

from functools import partial

from services.payment_tracker.notice_body import compose_notice, parse_notice
from services.payment_tracker.provider import Provider
from services.payment_tracker.standard_webhooks import sign, verify

PROVIDER = Provider(
    name="generic",
    title="Signed webhook (Standard Webhooks)",
    verify=verify,
    parse=partial(parse_notice, "generic"),
    compose=compose_notice,
    sign=sign,
)
