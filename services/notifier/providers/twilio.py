"""SMS over Twilio's Messages API; reports of deliveries carry its signature (twilio.com/docs/usage/security)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from urllib.parse import parse_qsl, urlencode

from services.edge.outgoing import Answer, Outgoing
from services.notifier.calling import json_of, post, text_of
from services.notifier.channel import Rejected, Result, Sent
from services.notifier.provider import Parcel, ProviderEntry, Receipt, ReceiptRefusedError, Report

_API = "https://api.twilio.com"
_FINAL = {"delivered": "delivered", "read": "delivered", "undelivered": "failed", "failed": "failed"}


class TwilioSms:
    """Sends each SMS with one request; Twilio splits long texts."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    async def send(self, parcel: Parcel) -> Result:
        """Send one SMS from the connection's number, or from its messaging service (`MG…`)."""
        connection = parcel.connection
        if not (connection.account.isalnum() and parcel.secret):
            return Rejected("no_provider", "account or secret is missing")
        sender = "MessagingServiceSid" if connection.sender.startswith("MG") else "From"
        form = {"To": parcel.to, sender: connection.sender, "Body": parcel.text}
        if parcel.callback:
            form["StatusCallback"] = parcel.callback
        base = connection.url.rstrip("/") or _API
        login = b64encode(f"{connection.account}:{parcel.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{base}/2010-04-01/Accounts/{connection.account}/Messages.json"
        answer = await post(self._outgoing, url, urlencode(form).encode(), headers)
        if not isinstance(answer, Answer):
            return answer
        return Sent(text_of(json_of(answer).get("sid")) or parcel.effect_id)


def signature(url: str, body: bytes, token: str) -> str:
    """Return Twilio's signature: base64 of the HMAC-SHA1 of the URL and the form's names and values in order."""
    pairs = sorted(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    signed = url + "".join(f"{name}{value}" for name, value in pairs)
    return b64encode(hmac.digest(token.encode(), signed.encode(), hashlib.sha1)).decode()


def read_receipt(report: Report, secret: str) -> Receipt | None:
    """Read a status callback."""
    given = report.headers.get("x-twilio-signature", "")
    if not given:
        raise ReceiptRefusedError("signature_missing")
    wanted = signature(report.url, report.body, secret)
    if not hmac.compare_digest(given.encode(errors="replace"), wanted.encode()):
        raise ReceiptRefusedError("signature_invalid")
    form = dict(parse_qsl(report.body.decode(errors="replace")))
    fate = _FINAL.get(form.get("MessageStatus", ""))
    if fate == "delivered":
        return Receipt("delivered")
    return Receipt("failed", f"twilio {form.get('ErrorCode', '')[:20]}".strip()) if fate else None


PROVIDER = ProviderEntry("twilio", "SMS over Twilio, with reports of deliveries.", TwilioSms, read_receipt)
