"""The codec of each topic, made with this release's schemas."""

from __future__ import annotations

from services.edge.codec.codecs import ChangeCodec, EventCodec
from services.edge.codec.registry import Registry
from services.edge.codec.signing import SigningSecrets
from services.edge.codec.streams import CHANGES, ITEMS, PAYMENT_CHANGES, PAYMENTS

Signer = SigningSecrets


def item_events(registry: Registry | None = None) -> EventCodec:
    """Return the codec of `crm.events`."""
    return EventCodec(ITEMS, registry)


def payment_events(registry: Registry | None = None) -> EventCodec:
    """Return the codec of `crm.payment-events`."""
    return EventCodec(PAYMENTS, registry)


def item_changes(signer: SigningSecrets | None = None, registry: Registry | None = None) -> ChangeCodec:
    """Return the codec of `crm.changes`; without a signer, signed changes can be neither read nor written."""
    return ChangeCodec(CHANGES, registry, signer)


def payment_changes(signer: SigningSecrets | None = None, registry: Registry | None = None) -> ChangeCodec:
    """Return the codec of `crm.payments`."""
    return ChangeCodec(PAYMENT_CHANGES, registry, signer)
