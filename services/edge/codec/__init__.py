"""Avro in the Confluent wire format, drawn from the classes of `automation/` (docs/decisions/0004)."""

from services.edge.codec.awaiting import answered, patiently, prepare
from services.edge.codec.codecs import (
    ChangeCodec,
    DefinitionCodec,
    EventCodec,
    RecordCodec,
    item_changes,
    item_events,
    payment_changes,
    payment_events,
)
from services.edge.codec.errors import (
    RegistryUnavailableError,
    SchemaAwaitedError,
    SchemaError,
    UnknownEventError,
    UnwritableError,
)
from services.edge.codec.headers import check_key, event_headers
from services.edge.codec.signing import Signer
from services.edge.codec.skim import Head
from services.edge.codec.states import StateCodec

__all__ = [
    "ChangeCodec",
    "DefinitionCodec",
    "EventCodec",
    "Head",
    "RecordCodec",
    "RegistryUnavailableError",
    "SchemaAwaitedError",
    "SchemaError",
    "Signer",
    "StateCodec",
    "UnknownEventError",
    "UnwritableError",
    "answered",
    "check_key",
    "event_headers",
    "item_changes",
    "item_events",
    "patiently",
    "payment_changes",
    "payment_events",
    "prepare",
]
