"""Write-back to a connected CRM: a webhook signed after Standard Webhooks 1.0 (standardwebhooks.com)."""

from __future__ import annotations

from typing import Final

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import post
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry
from services.payment_tracker.signatures import MIN_KEY
from services.payment_tracker.standard_webhooks import sign

LARGEST: Final = 256 * 1024
"""Bytes of a body; beyond it a receiver would refuse it."""


class StandardWebhook:
    """Posts each message once per attempt; `webhook-id` is the effect's, by which receivers drop repeats."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Send the body; each of the secrets signs it, so that one can be replaced."""
        secrets, body = parcel.secret.split(), parcel.text.encode()
        if not secrets or any(len(secret) < MIN_KEY for secret in secrets):
            return Rejected("no_provider", f"the secret is missing or shorter than {MIN_KEY} characters")
        if len(body) > LARGEST:
            return Rejected("item_too_large", "body")
        signed = [sign(parcel.effect_id, body, secret, parcel.now) for secret in secrets]
        headers = {
            **signed[0],
            "webhook-signature": " ".join(one["webhook-signature"] for one in signed),
            "Content-Type": "application/json",
        }
        answer = await post(self._outgoing, parcel.connection.url, body, headers)
        return Sent(parcel.effect_id) if isinstance(answer, Answer) else answer


PROVIDER = ProviderEntry(
    "standard_webhooks", "Tells a CRM what automation did, signed.", StandardWebhook, drops_repeats=lambda _: True
)
