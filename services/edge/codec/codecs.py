"""The codecs that services use: events of a log, changes of an inbox, saved definitions, states of a store.

All but states are in the Confluent wire format: magic byte 0, schema id, Avro.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, cast

from automation.definitions.saved import DefinitionSaved
from automation.envelope import Recorded
from automation.items.changes import ChangeFrame
from services.edge.codec.derive import classes_of, derive
from services.edge.codec.errors import UnknownEventError, UnwritableError
from services.edge.codec.ids import Registry
from services.edge.codec.normal import normal
from services.edge.codec.read import Reader, compile_reader
from services.edge.codec.records import PREFIX, Readers, Records
from services.edge.codec.registry import repository
from services.edge.codec.signing import Signer, signed_form
from services.edge.codec.skim import Head, Skim, Wanted
from services.edge.codec.streams import CHANGES, DEFINITIONS, ITEMS, PAYMENT_CHANGES, PAYMENTS, StreamClasses
from services.edge.codec.write import compile_writer
from services.edge.stream import UnreadableError
from services.edge.topics import LARGEST_CHANGE, LARGEST_RECORD

T = TypeVar("T")

_BROKEN = (IndexError, ValueError)


def _checked(value: bytes, largest: int) -> bytes:
    if len(value) > largest:
        raise UnwritableError("too_large", f"{len(value)} bytes, at most {largest} are taken")
    return value


def _check_size(value: bytes, largest: int) -> None:
    if len(value) > largest:
        raise UnreadableError("too_large", f"{len(value)} bytes, at most {largest} are taken")


def _check_end(value: bytes, end: int) -> None:
    if end != len(value):
        raise ValueError("the record ends too early" if end > len(value) else f"{len(value) - end} bytes too many")


class _LogCodec:
    """What is common to records that stop their reader when their schema is not known."""

    def __init__(self, stream: StreamClasses, registry: Registry | None) -> None:
        self._records = Records(stream, registry or repository())
        self._readers = self._records.readers
        self._writers = self._records.writers
        self._write_frame = self._records.write_frame

    def _learn(self, value: bytes) -> Readers:
        try:
            return self._records.reader(value[:PREFIX])
        except UnreadableError as error:
            if error.reason == "unknown_schema":
                raise UnknownEventError(error.detail) from error
            raise

    def _read(self, value: bytes) -> tuple[Any, Any]:
        _check_size(value, LARGEST_RECORD)
        readers = self._readers.get(value[:PREFIX]) or self._learn(value)
        try:
            frame, at = readers.frame(value, PREFIX)
            body, at = readers.body(value, at)
            _check_end(value, at)
        except _BROKEN as error:
            raise UnreadableError("undecodable", f"{readers.subject}: {error}"[:500], ours=True) from error
        return frame, body


class EventCodec(_LogCodec):
    """Events of a log; an unknown type stops the reader, it is never skipped."""

    def __init__(self, stream: StreamClasses, registry: Registry | None = None) -> None:
        super().__init__(stream, registry)
        self._skims: dict[bytes, tuple[str, Skim, Reader]] = {}

    def encode(self, recorded: Recorded) -> bytes:
        """Return the bytes of an event; raises `UnwritableError`."""
        envelope, event = recorded
        prefix, _, write_body = self._writers.get(type(event)) or self._records.writer(type(event))
        return _checked(prefix + self._write_frame(envelope) + write_body(event), LARGEST_RECORD)

    def decode(self, value: bytes) -> Recorded:
        """Return the event; raises `UnreadableError`, or `UnknownEventError` for one of a newer release."""
        return Recorded(*self._read(value))

    def skim(self, value: bytes, wanted: Wanted) -> Head:
        """Return the head of an event, and the event itself where its kind is wanted; raises as `decode` does.

        An unknown type stops the reader here too. What is not wanted is not checked.
        """
        _check_size(value, LARGEST_RECORD)
        kind, skim, read_body = self._skims.get(value[:PREFIX]) or self._learn_skim(value)
        try:
            key, version, recorded_at, at = skim(value, PREFIX)
            event = None
            if kind in wanted:
                event, at = read_body(value, at)
                _check_end(value, at)
        except _BROKEN as error:
            raise UnreadableError("undecodable", f"{kind}: {error}"[:500], ours=True) from error
        return Head(kind, key, version, recorded_at, event)

    def _learn_skim(self, value: bytes) -> tuple[str, Skim, Reader]:
        prefix = value[:PREFIX]
        readers = self._readers.get(prefix) or self._learn(value)
        kind = readers.subject.rpartition(".")[2]
        made = self._skims[prefix] = kind, self._records.skimmer(prefix), readers.body
        return made


class DefinitionCodec(_LogCodec):
    """Records of `crm.definitions`; an unknown schema stops the reader."""

    def __init__(self, registry: Registry | None = None) -> None:
        super().__init__(DEFINITIONS, registry)

    def encode(self, saved: DefinitionSaved) -> bytes:
        """Return the bytes of a saved version; raises `UnwritableError`."""
        prefix, _, write_body = self._writers.get(DefinitionSaved) or self._records.writer(DefinitionSaved)
        return _checked(prefix + write_body(saved), LARGEST_RECORD)

    def decode(self, value: bytes) -> DefinitionSaved:
        """Return the saved version; raises `UnreadableError` or `UnknownEventError`."""
        return cast("DefinitionSaved", self._read(value)[1])


class ChangeCodec:
    """Changes; those of Stagewire's own services are signed, and refused without a valid signature."""

    def __init__(self, stream: StreamClasses, signer: Signer | None = None, registry: Registry | None = None) -> None:
        self._records = Records(stream, registry or repository())
        self._readers = self._records.readers
        self._signed = frozenset(stream.signed)
        self._signer = signer

    def encode(self, frame: ChangeFrame, change: Any) -> bytes:
        """Return the bytes of a change, signed where its class asks for it; raises `UnwritableError`."""
        kind = type(change)
        prefix, subject, write_body = self._records.writers.get(kind) or self._records.writer(kind)
        body = write_body(change)
        if kind in self._signed:
            frame = self._sign(subject, frame, prefix + body)
        return _checked(prefix + self._records.write_frame(frame) + body, LARGEST_CHANGE)

    def _sign(self, subject: str, frame: ChangeFrame, content: bytes) -> ChangeFrame:
        if self._signer is None:
            raise UnwritableError("unsigned", f"{subject} is signed, and there is no secret to sign with")
        return frame._replace(signature=self._signer.sign(subject, signed_form(frame, content)))

    def decode(self, value: bytes) -> tuple[ChangeFrame, Any]:
        """Return frame and change.

        Raises `UnreadableError` (`too_large`, `undecodable`, `unknown_schema`, `unsigned`), which names the tenant as
        soon as the frame was read, and `RegistryUnavailableError`.
        """
        _check_size(value, LARGEST_CHANGE)
        readers = self._readers.get(value[:PREFIX]) or self._records.reader(value[:PREFIX])
        tenant = ""
        try:
            frame, start = readers.frame(value, PREFIX)
            tenant = frame.tenant
            change, end = readers.body(value, start)
            _check_end(value, end)
        except _BROKEN as error:
            raise UnreadableError("undecodable", f"{readers.subject}: {error}"[:500], tenant=tenant) from error
        if readers.signed:
            self._verify(readers.subject, frame, value[:PREFIX] + value[start:])
        return frame, change

    def _verify(self, subject: str, frame: ChangeFrame, content: bytes) -> None:
        """Verify the bytes as they came, so that a sender of another release is understood."""
        signed = signed_form(frame, content)
        if self._signer is None or not self._signer.verify(subject, signed, frame.signature):
            raise UnreadableError("unsigned", f"{subject} without a valid signature", tenant=frame.tenant)


class RecordCodec(Generic[T]):
    """Plain Avro of one class, without a schema id: local stores and snapshots, kept apart by their fold version."""

    def __init__(self, cls: type[T]) -> None:
        schema, classes = normal(derive(cls)), classes_of(cls)
        self._write = compile_writer(schema, classes)
        self._read = compile_reader(schema, schema, classes)

    def encode(self, value: T) -> bytes:
        """Return the bytes of a value."""
        return self._write(value)

    def decode(self, value: bytes) -> T:
        """Return the value; raises `UnreadableError`."""
        try:
            made, end = self._read(value, 0)
            _check_end(value, end)
        except _BROKEN as error:
            raise UnreadableError("undecodable", str(error)[:500], ours=True) from error
        return cast("T", made)


def item_events(registry: Registry | None = None) -> EventCodec:
    """Return the codec of `crm.events`."""
    return EventCodec(ITEMS, registry)


def payment_events(registry: Registry | None = None) -> EventCodec:
    """Return the codec of `crm.payment-events`."""
    return EventCodec(PAYMENTS, registry)


def item_changes(signer: Signer | None = None, registry: Registry | None = None) -> ChangeCodec:
    """Return the codec of `crm.changes`; without a signer, signed changes can be neither read nor written."""
    return ChangeCodec(CHANGES, signer, registry)


def payment_changes(signer: Signer | None = None, registry: Registry | None = None) -> ChangeCodec:
    """Return the codec of `crm.payments`."""
    return ChangeCodec(PAYMENT_CHANGES, signer, registry)
