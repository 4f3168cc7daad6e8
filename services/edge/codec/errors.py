"""What can go wrong between values and bytes, sorted by what the caller must do.

`UnreadableError` (services/edge/stream.py) parks one record; the errors here do not.
"""

from __future__ import annotations

from collections.abc import Callable


class UnwritableError(ValueError):
    """A value does not fit its schema or the size limit: a bug of who made it, or a tenant's oversized input."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class UnknownEventError(Exception):
    """A log holds an event that this release cannot read: stop, never skip (design section 2)."""


class SchemaError(Exception):
    """A schema is missing, unsafe, or not the one that its class asks for: stop and say so."""


class RegistryUnavailableError(Exception):
    """The schema registry did not answer: retry, do not park the record."""


class SchemaAwaitedError(RegistryUnavailableError):
    """The registry has to be asked, and this is an event loop: call `ask` in a thread (`awaiting.py`), then repeat.

    `ask` blocks and returns None once the registry has answered, whatever it said, or why it did not.
    """

    def __init__(self, schema_id: int, ask: Callable[[], RegistryUnavailableError | None]) -> None:
        super().__init__(f"the schema registry is being asked for schema id {schema_id}")
        self.schema_id = schema_id
        self.ask = ask
