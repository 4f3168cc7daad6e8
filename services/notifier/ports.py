"""What `notifier` needs from the outside, so that tests can stop it at every boundary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from automation.envelope import Recorded
from automation.items.changes import ChangeFrame, ReportOutcome
from automation.values import Moment
from services.edge.processor.dead_letters import Fault
from services.edge.stream import Headers, Output


class Incoming(NamedTuple):
    """One record of `crm.effects`, its place in Kafka included."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: Moment = -1


class Parked(NamedTuple):
    """A record that cannot be performed, and why."""

    record: Incoming
    fault: Fault


class NewerReleaseError(Exception):
    """An effect was written by a newer release: stop until this one is upgraded, nothing is lost meanwhile."""


class Codec(Protocol):
    """Reads effects and writes outcomes."""

    def read_effect(self, value: bytes, headers: Headers) -> Recorded:
        """Decode an item event; `headers` may be empty. Raises `UnreadableError`, `NewerReleaseError`."""
        ...

    def write_outcome(self, frame: ChangeFrame, outcome: ReportOutcome) -> Output:
        """Encode and sign an outcome for `crm.changes`."""
        ...


class Unavailable(Exception):  # noqa: N818 - a condition that passes, not a fault
    """Kafka cannot take records now: try again later, nothing is lost."""


class Records(Protocol):
    """Where outcomes and dead letters go."""

    async def send(self, outputs: Sequence[Output]) -> None:
        """Produce records and wait until all are stored; raises `Unavailable`, after which some may be."""
        ...

    async def park(self, parked: Sequence[Parked]) -> None:
        """Store records as dead letters and wait until all are; raises `Unavailable`."""
        ...
