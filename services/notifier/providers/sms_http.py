"""SMS over any provider's HTTP API: a JSON request drawn from the connection's template.

The request carries a bearer token, the connection's secret. Reports of deliveries come as Standard Webhooks signed
with the same secret: `{"status": "delivered"}` or `{"status": "failed"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import json_of, post, text_of
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry, Receipt, ReceiptRefusedError, Report
from services.payment_tracker.provider import WebhookRefused
from services.payment_tracker.standard_webhooks import verify

_BODY = '{"to": {to}, "from": {sender}, "text": {text}, "id": {id}, "callback": {callback}}'
_PLACE = re.compile(r"\{(to|text|sender|id|callback)\}")


class HttpSms:
    """Sends each SMS with one request."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Send one SMS; the answer's `id` or `message_id` is the provider's id."""
        body = filled(parcel.connection.body or _BODY, parcel)
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return Rejected("no_provider", "the connection's body is no JSON")
        headers = {"Content-Type": "application/json", "Idempotency-Key": parcel.effect_id}
        if parcel.secret:
            headers["Authorization"] = f"Bearer {parcel.secret}"
        answer = await post(self._outgoing, parcel.connection.url, body.encode(), headers)
        if not isinstance(answer, Answer):
            return answer
        found = json_of(answer)
        return Sent(text_of(found.get("id") or found.get("message_id")) or parcel.effect_id)


def filled(template: str, parcel: Parcel) -> str:
    """Return the request with each place filled by a JSON text: nothing in a message can end it."""
    values: Mapping[str, str] = {
        "to": parcel.to, "text": parcel.text, "sender": parcel.connection.sender, "id": parcel.effect_id,
        "callback": parcel.callback,
    }  # fmt: skip
    return _PLACE.sub(lambda match: orjson.dumps(values[match.group(1)]).decode(), template)


def read_receipt(report: Report, secret: str) -> Receipt | None:
    """Read a report signed after Standard Webhooks."""
    try:
        notice = verify(report.headers, report.body, secret.split(), report.now)
    except WebhookRefused as refused:
        raise ReceiptRefusedError(refused.reason) from refused
    status = notice.content.get("status")
    if status == "delivered":
        return Receipt("delivered")
    return Receipt("failed", text_of(notice.content.get("code"))) if status == "failed" else None


PROVIDER = ProviderEntry(
    "sms_http", "SMS over an HTTP API with a JSON template.", HttpSms, read_receipt, lambda found: found.drops_repeats
)
