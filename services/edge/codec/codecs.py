"""Encode and decode the records of each stream: magic byte 0, schema id, Avro (Confluent wire format)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar, cast

from automation.definitions.saved import DefinitionSaved
from automation.envelope import Recorded
from automation.items.changes import ChangeFrame
from services.edge.codec.derive import classes_of, derive
from services.edge.codec.errors import UnknownEventError, UnwritableError
from services.edge.codec.names import Classes, field_names
from services.edge.codec.normal import normal
from services.edge.codec.read import Reader, compile_reader
from services.edge.codec.registry import Registry, repository
from services.edge.codec.signing import Signer
from services.edge.codec.streams import CHANGES, DEFINITIONS, ITEMS, PAYMENT_CHANGES, PAYMENTS, StreamClasses
from services.edge.codec.write import Writer, compile_writer
from services.edge.stream import UnreadableError
from services.edge.topics import LARGEST_CHANGE, LARGEST_RECORD

T = TypeVar("T")
_PREFIX = 5


class _Written(NamedTuple):
    prefix: bytes
    subject: str
    body: Writer


class _Read(NamedTuple):
    subject: str
    signed: bool
    read: Reader


def _classes(stream: StreamClasses) -> dict[str, type]:
    """Return the classes by full record name; the frame's fields become its class, the body's stay values."""
    found: dict[str, type] = {}
    roots = [stream.frame] if stream.frame else []
    for body in stream.bodies:
        found |= classes_of(*roots, body)
    return {name: cls for name, cls in found.items() if cls not in stream.bodies}


class _StreamCodec:
    """What the codecs of all framed streams share: writers by class, readers by schema id."""

    def __init__(self, stream: StreamClasses, largest: int, registry: Registry | None) -> None:
        self._stream = stream
        self._largest = largest
        self._registry = registry or repository()
        self._classes: Classes = _classes(stream)
        self._bodies = {f"{stream.space}.{body.__name__}": body for body in stream.bodies}
        self._writers: dict[type, _Written] = {}
        self._readers: dict[int, _Read] = {}
        self._frame = self._frame_writer()

    def _frame_writer(self) -> Writer:
        frame = self._stream.frame
        if frame is None:
            return _none
        schema = normal(derive(frame))
        return compile_writer(schema, {**self._classes, schema["name"]: frame})

    def _writer(self, body: type) -> _Written:
        found = self._writers.get(body)
        if found is None:
            subject = f"{self._stream.space}.{body.__name__}"
            if subject not in self._bodies:
                raise UnwritableError("unknown_type", f"{subject} is not a record of this stream")
            schema_id = self._registry.current(subject).schema_id
            fields = {**normal(derive(body, self._stream.space)), "name": subject}
            write = compile_writer(fields, {**self._classes, subject: body})
            found = self._writers[body] = _Written(b"\0" + schema_id.to_bytes(4, "big"), subject, write)
        return found

    def _reader(self, value: bytes) -> _Read:
        if len(value) > self._largest:
            raise UnreadableError("too_large", f"{len(value)} bytes, at most {self._largest} are taken")
        if len(value) < _PREFIX or value[0] != 0:
            raise UnreadableError("undecodable", "not in the Confluent wire format: magic byte 0 and a schema id")
        schema_id = int.from_bytes(value[1:_PREFIX], "big")
        return self._readers.get(schema_id) or self._learn(schema_id)

    def _learn(self, schema_id: int) -> _Read:
        found = self._registry.find(schema_id)
        if found is None:
            ours = self._registry.is_ours(schema_id)
            raise UnreadableError("unknown_schema", f"schema id {schema_id} is not known", ours=ours)
        body = self._bodies.get(found.subject)
        if body is None:
            raise UnreadableError("unknown_schema", f"{found.subject} is not a record of {self._stream.name}")
        reader = normal(self._stream.schema(body))
        read = compile_reader(found.schema, reader, {**self._classes, found.subject: _maker(self._stream, body)})
        made = self._readers[schema_id] = _Read(found.subject, body in self._stream.signed, read)
        return made

    def _decode(self, reader: _Read, value: bytes) -> Any:
        try:
            made, end = reader.read(value, _PREFIX)
        except (IndexError, ValueError) as error:
            raise UnreadableError("undecodable", f"{reader.subject}: {error}"[:500]) from error
        if end != len(value):
            raise UnreadableError("undecodable", f"{reader.subject}: {len(value) - end} bytes too many")
        return made

    def _checked(self, value: bytes) -> bytes:
        if len(value) > self._largest:
            raise UnwritableError("too_large", f"{len(value)} bytes, at most {self._largest} are taken")
        return value


def _none(_value: Any) -> bytes:
    return b""


class _Framed(NamedTuple):
    frame: Any
    body: Any


def _maker(stream: StreamClasses, body: type) -> Any:
    """Return a stand-in class for a framed record: same field names, makes the pair of frame and body."""
    if stream.frame is None:
        return body

    class Pair(_Pair):
        _fields = (stream.frame_field, *field_names(body))
        _body = body

    return Pair


class _Pair:
    _fields: tuple[str, ...] = ()
    _body: Callable[..., Any]

    def __new__(cls, frame: Any, *values: Any) -> Any:
        return _Framed(frame, cls._body(*values))


class EventCodec(_StreamCodec):
    """Events of a log; an unknown type stops the reader, it is never skipped."""

    def __init__(self, stream: StreamClasses, registry: Registry | None = None) -> None:
        super().__init__(stream, LARGEST_RECORD, registry)

    def encode(self, recorded: Recorded) -> bytes:
        """Return the bytes of an event; raises `UnwritableError`."""
        prefix, _, body = self._writers.get(type(recorded.event)) or self._writer(type(recorded.event))
        return self._checked(prefix + self._frame(recorded.envelope) + body(recorded.event))

    def decode(self, value: bytes) -> Recorded:
        """Return the event; raises `UnreadableError`, or `UnknownEventError` for one of a newer release."""
        try:
            reader = self._reader(value)
        except UnreadableError as error:
            if error.reason == "unknown_schema":
                raise UnknownEventError(error.detail) from error
            raise
        return Recorded(*self._decode(reader, value))


class ChangeCodec(_StreamCodec):
    """Changes; those of Stagewire's own services are signed, and refused without a valid signature."""

    def __init__(self, stream: StreamClasses, signer: Signer | None = None, registry: Registry | None = None) -> None:
        super().__init__(stream, LARGEST_CHANGE, registry)
        self._signer = signer

    def encode(self, frame: ChangeFrame, change: Any) -> bytes:
        """Return the bytes of a change, signed where its class asks for it; raises `UnwritableError`."""
        prefix, subject, body = self._writer(type(change))
        written = body(change)
        if type(change) in self._stream.signed:
            if self._signer is None:
                raise UnwritableError("unsigned", f"{subject} is signed, and there is no secret to sign with")
            bare = frame._replace(signature=b"")
            frame = bare._replace(signature=self._signer.sign(subject, self._frame(bare) + written))
        return self._checked(prefix + self._frame(frame) + written)

    def decode(self, value: bytes) -> tuple[ChangeFrame, Any]:
        """Return frame and change; raises `UnreadableError` (`undecodable`, `unknown_schema`, `unsigned`…)."""
        reader = self._reader(value)
        frame, change = self._decode(reader, value)
        if reader.signed:
            self._verify(reader.subject, frame, change)
        return frame, change

    def _verify(self, subject: str, frame: ChangeFrame, change: Any) -> None:
        unsigned = self._frame(frame._replace(signature=b"")) + self._writer(type(change)).body(change)
        if self._signer is None or not self._signer.verify(subject, unsigned, frame.signature):
            raise UnreadableError("unsigned", f"{subject} without a valid signature", tenant=frame.tenant)


class DefinitionCodec(_StreamCodec):
    """Records of `crm.definitions`."""

    def __init__(self, registry: Registry | None = None) -> None:
        super().__init__(DEFINITIONS, LARGEST_RECORD, registry)

    def encode(self, saved: DefinitionSaved) -> bytes:
        """Return the bytes of a saved version; raises `UnwritableError`."""
        prefix, _, body = self._writer(DefinitionSaved)
        return self._checked(prefix + body(saved))

    def decode(self, value: bytes) -> DefinitionSaved:
        """Return the saved version; raises `UnreadableError`."""
        return cast("DefinitionSaved", self._decode(self._reader(value), value))


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
        except (IndexError, ValueError) as error:
            raise UnreadableError("undecodable", str(error)[:500], ours=True) from error
        if end != len(value):
            raise UnreadableError("undecodable", "bytes too many", ours=True)
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
