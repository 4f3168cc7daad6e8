"""Download links: the file they are for, until when, and a keyed hash of both."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from automation.values import Moment

_MAC_BYTES = 24
_LONGEST = 2_000


class Linked(NamedTuple):
    """What a valid link is for."""

    tenant: str
    file_id: str
    until: Moment
    """0 for a link that does not expire: the public one of a document."""


class FileLinks:
    """Signs with the first secret and accepts each, so that secrets can be rotated; never prints them."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) < 16 for secret in secrets):
            raise ValueError("a secret of download links has at least 16 bytes")
        self._secrets = tuple(secrets)

    def __repr__(self) -> str:
        return f"FileLinks({len(self._secrets)} secrets)"

    def token(self, linked: Linked) -> str:
        """Return the last part of the link's address."""
        body = "\x1f".join((linked.tenant, linked.file_id, str(linked.until))).encode()
        return f"{_text(body)}.{_text(_mac(self._secrets[0], body))}"

    def read(self, token: str, now: Moment) -> Linked | None:
        """Return what a token is for; None for a forged, broken or expired one."""
        first, _, second = token.partition(".")
        try:
            body, given = _bytes(first), _bytes(second)
            good = [hmac.compare_digest(_mac(secret, body), given) for secret in self._secrets]
            tenant, file_id, until = body.decode().split("\x1f")
        except (binascii.Error, ValueError):
            return None
        if not any(good) or len(token) > _LONGEST or 0 < int(until) < now:
            return None
        return Linked(tenant, file_id, int(until))


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, b"file-link\x00" + body, hashlib.sha256)[:_MAC_BYTES]


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
