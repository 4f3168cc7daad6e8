"""The keyed hash of changes that only Stagewire's own services may send (design section 1).

HMAC-SHA256 over the record's full name and a fixed form: the frame's fields of the first release, then schema id and
body bytes as they travel. A field added to the frame later does not make the signatures of another release invalid.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from automation.items.changes import ChangeFrame
from services.edge.codec.write import write_long, write_text

SIGNATURE_BYTES = 32


class Signer:
    """Signs with the first secret and accepts each, so that secrets can be rotated; never prints them."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) < 16 for secret in secrets):
            raise ValueError("a signing secret has at least 16 bytes")
        self._secrets = tuple(secrets)

    def __repr__(self) -> str:
        return f"Signer({len(self._secrets)} secrets)"

    def sign(self, subject: str, unsigned: bytes) -> bytes:
        """Return the HMAC-SHA256 of a record's full name and its signed form."""
        return _mac(self._secrets[0], subject, unsigned)

    def verify(self, subject: str, unsigned: bytes, signature: bytes) -> bool:
        """Say, in constant time, whether one of the secrets made the signature."""
        good = [hmac.compare_digest(_mac(secret, subject, unsigned), signature) for secret in self._secrets]
        return any(good)


def signed_form(frame: ChangeFrame, content: bytes) -> bytes:
    """Return what is signed: the frame without its signature, each part with its length, then `content`."""
    texts = (frame.change_id, frame.tenant, frame.item_type, frame.item_id, frame.source, frame.actor)
    causes = (frame.cause_id, frame.root_id)
    numbers = (frame.occurred_at, frame.source_seq, frame.depth, frame.definitions_version)
    return b"".join((*map(write_text, texts), *map(write_text, causes), *map(write_long, numbers), content))


def _mac(secret: bytes, subject: str, unsigned: bytes) -> bytes:
    return hmac.digest(secret, write_text(subject) + unsigned, hashlib.sha256)
