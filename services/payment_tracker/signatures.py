"""What the signature schemes of providers share: moments, keys and comparison in constant time."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Sequence

from automation.values import Moment
from services.payment_tracker.provider import WebhookRefused

TOLERANCE_MS = 300_000
"""How far the signed moment may be from now, either way."""
MIN_KEY = 16
"""Bytes; a shorter secret is a mistake in the settings and verifies nothing."""
MAX_HEADER = 4_096
MAX_SIGNATURES = 16


def signed_moment(text: str | None, now: Moment) -> Moment:
    """Return the moment of a text of whole seconds; raises `WebhookRefused` if missing, malformed or too far off."""
    if not text:
        raise WebhookRefused("timestamp_missing", 401)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise WebhookRefused("timestamp_invalid", 401)
    moment = int(text) * 1_000
    if abs(now - moment) > TOLERANCE_MS:
        raise WebhookRefused("timestamp_too_old" if moment < now else "timestamp_too_new", 401)
    return moment


def check_signature(given: Sequence[str], keys: Sequence[bytes], message: bytes, *, base64: bool) -> None:
    """Raise `WebhookRefused` unless one of the given signatures is an HMAC-SHA256 of the message with one of the keys.

    Every pair is compared, in constant time, so that the time taken tells nothing of how close a guess was.
    """
    if not given:
        raise WebhookRefused("signature_missing", 401)
    usable = [key for key in keys if len(key) >= MIN_KEY]
    wanted = [encoded(key, message, base64=base64).encode() for key in usable]
    matches = [
        hmac.compare_digest(one.encode(errors="replace"), other) for one in given[:MAX_SIGNATURES] for other in wanted
    ]
    if not any(matches):
        raise WebhookRefused("signature_invalid", 401)


def encoded(key: bytes, message: bytes, *, base64: bool) -> str:
    """Return the HMAC-SHA256 as base64 or lower-case hex."""
    mac = hmac.digest(key, message, "sha256")
    return b64encode(mac).decode() if base64 else mac.hex()
