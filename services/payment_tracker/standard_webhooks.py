"""Webhooks signed after Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com)."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Sequence

from automation.values import Moment
from services.payment_tracker.provider import Headers, VerifiedNotice, WebhookRefused
from services.payment_tracker.signatures import MAX_HEADER, check_signature, encoded, signed_moment
from services.payment_tracker.strict_json import read_object

_ID = re.compile(r"[!-\-/-~]{1,255}")
"""Visible ASCII without the full stop: it separates the signed parts, so an id with one could be read in two ways."""


def verify(headers: Headers, body: bytes, secrets: Sequence[str], now: Moment) -> VerifiedNotice:
    """Check a webhook with any of the secrets; raises `WebhookRefused`."""
    notice_id = headers.get("webhook-id", "")
    if not _ID.fullmatch(notice_id):
        raise WebhookRefused("id_invalid" if notice_id else "id_missing", 401)
    sent_at = signed_moment(headers.get("webhook-timestamp"), now)
    message = _message(notice_id, headers["webhook-timestamp"], body)
    keys = [_key(secret) for secret in secrets]
    check_signature(_signatures(headers.get("webhook-signature", "")), keys, message, base64=True)
    try:
        content = read_object(body)
    except ValueError:
        raise WebhookRefused("body_malformed", 400) from None
    return VerifiedNotice(notice_id, sent_at, hashlib.sha256(body).hexdigest(), content)


def sign(notice_id: str, body: bytes, secret: str, now: Moment) -> Headers:
    """Return the headers with which a webhook is sent at `now`."""
    timestamp = str(now // 1_000)
    signature = encoded(_key(secret), _message(notice_id, timestamp, body), base64=True)
    return {"webhook-id": notice_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def _message(notice_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{notice_id}.{timestamp}.".encode() + body


def _signatures(header: str) -> list[str]:
    """Return the signatures of scheme v1; other schemes (`v1a` is asymmetric) are none that we can check."""
    parts = header[:MAX_HEADER].split(" ")
    return [part.removeprefix("v1,") for part in parts if part.startswith("v1,")]


def _key(secret: str) -> bytes:
    """Return the bytes of a secret: base64 after `whsec_`, else the text itself."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return b""  # too short to verify anything
