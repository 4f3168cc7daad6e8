"""Which classes each stream of records is made of: each has a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

import automation.items
import automation.records.types
from automation.declared import declared
from automation.definitions.saved import DefinitionSaved
from automation.envelope import Envelope
from automation.items.changes import SIGNED as SIGNED_ITEM_CHANGES
from automation.items.changes import ChangeFrame
from automation.payments.changes import SIGNED as SIGNED_PAYMENT_CHANGES
from automation.payments.changes import PaymentChange
from automation.payments.events import PaymentEvent
from services.edge.codec.derive import derive, derive_record


class StreamClasses(NamedTuple):
    """The records of one stream; `frame` comes before each body, None where the body is the whole record."""

    name: str
    """Folder below `schemas/avro/` and last part of the namespace."""
    bodies: tuple[type, ...]
    frame: type | None
    frame_field: str
    signed: tuple[type, ...] = ()

    @property
    def space(self) -> str:
        """The namespace of the stream's records."""
        return f"stagewire.{self.name}"

    def schema(self, body: type) -> dict[str, Any]:
        """Return the schema of one record, drawn from its classes."""
        if self.frame is None:
            return derive(body, self.space)
        return derive_record(self.frame, self.frame_field, body, self.space)


_OF_THE_LOG = (automation.items, automation.records.types)
ITEMS = StreamClasses("items", declared(*_OF_THE_LOG, endings=("events", "effects")), Envelope, "envelope")
CHANGES = StreamClasses(
    "changes", declared(*_OF_THE_LOG, endings=("changes",)), ChangeFrame, "frame", SIGNED_ITEM_CHANGES
)
PAYMENTS = StreamClasses("payments", get_args(PaymentEvent), Envelope, "envelope")
PAYMENT_CHANGES = StreamClasses(
    "payment_changes", get_args(PaymentChange), ChangeFrame, "frame", SIGNED_PAYMENT_CHANGES
)
DEFINITIONS = StreamClasses("definitions", (DefinitionSaved,), None, "")

STREAMS: Mapping[str, StreamClasses] = {
    stream.name: stream for stream in (ITEMS, CHANGES, PAYMENTS, PAYMENT_CHANGES, DEFINITIONS)
}
