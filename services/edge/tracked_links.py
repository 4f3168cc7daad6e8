"""Links in tracked e-mails, open pixel and click redirect: signed, so that none can be made up (spec 4.32).

A token holds all that is needed and stands by itself: base64 of JSON, a full stop, base64 of a keyed hash. `notifier`
makes tokens, `gateway` reads them.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from automation.envelope import Key

LONGEST_TOKEN: Final = 8_000
LONGEST_LINK: Final = 4_000
"""Characters of a link that is rewritten; a longer one stays as it is."""
_MAC_BYTES: Final = 18

Seen: TypeAlias = Literal["opened", "clicked"]


class Tracked(NamedTuple):
    """What a token stands for."""

    kind: Seen
    item: Key
    effect_id: str
    link: str = ""
    """Where a click leads: http or https."""


class TrackedLinks:
    """Makes and reads tokens below a public address; the first secret signs, each is accepted."""

    def __init__(self, base: str, secrets: Sequence[bytes]) -> None:
        self._base = base.rstrip("/")
        self._secrets = tuple(hmac.digest(secret, b"tracked-links", hashlib.sha256) for secret in secrets)

    @property
    def usable(self) -> bool:
        """Whether there is a public address for links to lead to."""
        return bool(self._base)

    def pixel(self, item_key: str, effect_id: str) -> str:
        """Return the address of a mail's open pixel."""
        return f"{self._base}/t/o/{self._token([item_key, effect_id], 'opened')}"

    def click(self, item_key: str, effect_id: str, link: str) -> str:
        """Return the redirect for a link of a mail; what is no http(s) link, or too long a one, stays as it is."""
        if len(link) > LONGEST_LINK or not leads_to_web(link):
            return link
        return f"{self._base}/t/c/{self._token([item_key, effect_id, link], 'clicked')}"

    def read(self, token: str, kind: Seen) -> Tracked | None:
        """Return what a token stands for, `None` for one that we did not make for this kind."""
        content, _, mac = token.partition(".")
        if len(token) > LONGEST_TOKEN or not self._verified(content, mac, kind):
            return None
        item_key, effect_id, *link = json.loads(_decoded(content))
        return Tracked(kind, Key.parse(item_key), effect_id, *link)

    def _token(self, parts: Sequence[str], kind: Seen) -> str:
        content = _encoded(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode())
        return f"{content}.{_encoded(_mac(self._secrets[0], kind, content))}"

    def _verified(self, content: str, mac: str, kind: Seen) -> bool:
        if not (content.isascii() and mac.isascii()):
            return False
        given = _decoded(mac)
        good = [hmac.compare_digest(_mac(secret, kind, content), given) for secret in self._secrets]
        return any(good)


def leads_to_web(link: str) -> bool:
    """Say whether a link is http or https with a host, on one line."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.netloc) and link.isprintable() and " " not in link


def _mac(secret: bytes, kind: Seen, content: str) -> bytes:
    return hmac.digest(secret, f"{kind}\x00{content}".encode(), hashlib.sha256)[:_MAC_BYTES]


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return b""
