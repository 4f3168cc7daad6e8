"""Schema ids: which number on the wire stands for which schema (Confluent wire format, magic byte 0)."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from services.edge.codec.names import Schema


class Registered(NamedTuple):
    """A schema with its id; `subject` is the full name of its record (RecordNameStrategy)."""

    schema_id: int
    subject: str
    schema: Schema
    """In normal form."""


class Registry(Protocol):
    """Where schema ids come from; both methods are quick after their first call for a subject or id."""

    def current(self, subject: str) -> Registered:
        """Return the schema to write a record with; raises `SchemaError` if there is none."""
        ...

    def find(self, schema_id: int) -> Registered | None:
        """Return the schema of an id, None if nobody knows it; raises `RegistryUnavailableError` if that is unsure."""
        ...

    def is_ours(self, schema_id: int) -> bool:
        """Say whether an unknown id looks like one of a newer release of Stagewire, rather than a sender's mistake."""
        ...
