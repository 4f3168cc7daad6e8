"""The records of one stream, compiled: writers by class, readers by schema id."""

from __future__ import annotations

from typing import Any, NamedTuple

from services.edge.codec.derive import classes_of
from services.edge.codec.errors import SchemaError, UnwritableError
from services.edge.codec.ids import Registered, Registry
from services.edge.codec.names import Schema
from services.edge.codec.normal import normal
from services.edge.codec.read import Reader, compile_reader
from services.edge.codec.skim import Skim, compile_skimmer
from services.edge.codec.streams import StreamClasses
from services.edge.codec.write import Writer, compile_writer
from services.edge.stream import UnreadableError

PREFIX = 5
"""Magic byte 0 and the schema id in four bytes, big-endian (Confluent wire format)."""


class Written(NamedTuple):
    """How records of one class are written; `prefix` comes first, then the frame."""

    prefix: bytes
    subject: str
    body: Writer


class Readers(NamedTuple):
    """How records of one schema id are read; without a frame `frame` reads nothing."""

    subject: str
    signed: bool
    frame: Reader
    body: Reader


def _no_frame(_buffer: bytes, at: int) -> tuple[None, int]:
    return None, at


def _nothing(_value: Any) -> bytes:
    return b""


class Records:
    """Writers and readers of one stream, made when first needed."""

    def __init__(self, stream: StreamClasses, registry: Registry) -> None:
        self._stream = stream
        self._registry = registry
        self._bodies = {f"{stream.space}.{body.__name__}": body for body in stream.bodies}
        shared = classes_of(*([stream.frame] if stream.frame else []), *stream.bodies)
        self._classes = {**shared, **self._bodies}
        self.write_frame: Writer = _nothing
        self.writers: dict[type, Written] = {}
        self.readers: dict[bytes, Readers] = {}
        if stream.frame is not None:
            self.write_frame = compile_writer(self._split(self._ours(stream.bodies[0]))[0], self._classes)

    def _ours(self, body: type) -> Schema:
        return normal(self._stream.schema(body))

    def _split(self, schema: Schema) -> tuple[Schema, Schema]:
        """Return the schemas of frame and body, whose bytes follow each other."""
        if self._stream.frame is None:
            return None, schema
        fields = schema["fields"]
        if not fields or fields[0]["name"] != self._stream.frame_field:
            raise SchemaError(f"{schema['name']} does not start with its {self._stream.frame_field}")
        return fields[0]["type"], {**schema, "fields": fields[1:]}

    def writer(self, body: type) -> Written:
        """Return how a class is written; refuses one whose schema in the registry is not the one of its class."""
        subject = f"{self._stream.space}.{body.__name__}"
        if subject not in self._bodies:
            raise UnwritableError("unknown_type", f"{subject} is not a record of this stream")
        registered, ours = self._registry.current(subject), self._ours(body)
        if registered.schema != ours:
            raise SchemaError(f"{subject}: schema and class differ; run `stagewire schemas write`")
        write = compile_writer(self._split(ours)[1], self._classes)
        made = self.writers[body] = Written(prefix_of(registered.schema_id), subject, write)
        return made

    def reader(self, prefix: bytes) -> Readers:
        """Return how records of a schema id are read; raises `UnreadableError` (`undecodable`, `unknown_schema`)."""
        if len(prefix) < PREFIX or prefix[0] != 0:
            raise UnreadableError("undecodable", "not in the Confluent wire format: magic byte 0 and a schema id")
        schema_id = int.from_bytes(prefix[1:], "big")
        try:
            made = self.readers[prefix] = self._compile(self._registry.find(schema_id), schema_id)
        except SchemaError as error:
            ours = self._registry.is_ours(schema_id)
            raise UnreadableError("unknown_schema", str(error)[:500], ours=ours) from error
        return made

    def skimmer(self, prefix: bytes) -> Skim:
        """Return how heads of a schema id are skimmed, of one that `reader` knows."""
        written = self._registry.find(int.from_bytes(prefix[1:], "big"))
        if written is None:
            raise SchemaError(f"schema id {prefix.hex()} is not known")
        return compile_skimmer(self._split(written.schema)[0])

    def _compile(self, written: Registered | None, schema_id: int) -> Readers:
        if written is None:
            raise SchemaError(f"schema id {schema_id} is not known")
        body = self._bodies.get(written.subject)
        if body is None:
            raise SchemaError(f"{written.subject} is not a record of {self._stream.name}")
        (frame, rest), (our_frame, our_rest) = self._split(written.schema), self._split(self._ours(body))
        read_frame = _no_frame if frame is None else compile_reader(frame, our_frame, self._classes)
        read_body = compile_reader(rest, our_rest, self._classes)
        return Readers(written.subject, body in self._stream.signed, read_frame, read_body)


def prefix_of(schema_id: int) -> bytes:
    """Return the bytes before the Avro bytes."""
    return b"\0" + schema_id.to_bytes(4, "big")
