"""The events of an e-signature document (spec 3.1.2): draft, sent, then signed, declined or expired."""

from __future__ import annotations

from dataclasses import dataclass

from automation.items.parts import Link, ProductRow
from automation.values import Moment, Money, Personal


@dataclass(frozen=True, slots=True)
class EsignDocumentCreated:
    """The document is a draft, with what it was created from."""

    title: Personal
    amount: Money | None
    responsible: str
    contact: str
    company: str
    contact_details: str
    """The details record chosen for the contact; empty for none."""
    company_details: str
    rows: tuple[ProductRow, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class EsignDocumentSent:
    """The document waits for its signature."""

    expires_at: Moment
    """0 for never."""


@dataclass(frozen=True, slots=True)
class EsignDocumentSigned:
    """The client signed it."""


@dataclass(frozen=True, slots=True)
class EsignDocumentDeclined:
    """The client will not sign it."""

    reason: Personal


@dataclass(frozen=True, slots=True)
class EsignDocumentExpired:
    """Nobody signed it in time."""
