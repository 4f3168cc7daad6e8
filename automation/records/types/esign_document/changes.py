"""What becomes of e-signature documents outside of rules: users send them, the signing service tells the rest."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Moment, Personal


@dataclass(frozen=True, slots=True)
class SendEsignDocument:
    """Send the draft to be signed; unsigned by `expires_at` it expires."""

    expires_at: Moment = 0
    """0 for never."""


@dataclass(frozen=True, slots=True)
class RecordSignature:
    """The client signed a document that was sent."""


@dataclass(frozen=True, slots=True)
class RecordDecline:
    """The client declined to sign a document that was sent."""

    reason: Personal = Personal("")  # noqa: RUF009 - frozen
