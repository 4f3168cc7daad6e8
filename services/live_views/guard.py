"""The one wrapper around every record: Faust acknowledges whatever happens, so whatever happens is dealt with here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from automation.envelope import Recorded
from services.edge.codec import UnknownEventError
from services.edge.log import logger
from services.edge.processor.dead_letters import Fault, Origin, tenant_of
from services.edge.stream import UnreadableError
from services.live_views.board import Board, GapError

ReadEvent = Callable[[bytes], Recorded]


class Parked(NamedTuple):
    """A record that could not be handled, as it came."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    origin: Origin
    fault: Fault


Park = Callable[[Parked], Awaitable[None]]


class Guard:
    """Decodes and applies records; `ends` is the last offset of each partition when the service started.

    Up to there a gap is a fact of the log and is shown as such. After it, a gap means that a record was lost on the
    way: `rebuild` is called, and the board is folded anew.
    """

    def __init__(
        self, board: Board, read_event: ReadEvent, park: Park, ends: Mapping[int, int], rebuild: Callable[[str], None]
    ) -> None:
        self._board = board
        self._read = read_event
        self._park = park
        self._ends = ends
        self._rebuild = rebuild
        self._done = dict.fromkeys(ends, -1)
        self.handled = 0
        self.repeats = 0
        self.unreadable = 0
        self.gaps = 0

    @property
    def complete(self) -> bool:
        """Whether all that was in the log at the start is on the board."""
        return all(self._done.get(part, -1) >= end for part, end in self._ends.items())

    def waiting(self) -> int:
        """Return the number of offsets still to be read of what was there at the start."""
        return sum(max(0, end - self._done.get(part, -1)) for part, end in self._ends.items())

    async def handle(self, message: Any) -> None:
        """Take one record; never raises."""
        try:
            self._apply(message)
        except (UnreadableError, UnknownEventError) as error:
            await self._set_aside(message, _fault(error))
        except Exception as error:  # noqa: BLE001 - Faust would acknowledge the record and lose it
            fault = Fault("internal_error", f"{type(error).__name__}: {error}", True, tenant_of(message.key))
            await self._set_aside(message, fault)
        self._done[message.partition] = message.offset
        self.handled += 1

    def _apply(self, message: Any) -> None:
        if message.value is None:
            raise UnreadableError("undecodable", "no value")
        recorded = self._read(message.value)
        if message.key != recorded.envelope.key.text.encode():
            raise UnreadableError("key_mismatch", "key and envelope disagree", tenant=recorded.envelope.tenant)
        try:
            self.repeats += not self._board.apply(recorded)
        except GapError as gap:
            self._gap(gap, message)
            self._board.apply(recorded)

    def _gap(self, gap: GapError, message: Any) -> None:
        self.gaps += 1
        self._board.damaged.add(gap.key.text)
        logger().error("live_views_gap", detail=str(gap), partition=message.partition, offset=message.offset)
        if message.offset > self._ends.get(message.partition, -1):
            self._rebuild(str(gap))

    async def _set_aside(self, message: Any, fault: Fault) -> None:
        """Note that the item has a hole; a record that an earlier start has parked already is not parked again."""
        self.unreadable += 1
        self._board.damaged.add((message.key or b"").decode(errors="replace"))
        place = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
        logger().error("live_views_unreadable", reason=fault.reason, detail=fault.detail, **place)
        if message.offset > self._ends.get(message.partition, -1):
            stamp = int((message.timestamp or 0) * 1000)
            origin = Origin(message.topic, message.partition, message.offset, stamp)
            await self._park(Parked(message.key, message.value, _headers(message.headers), origin, fault))


def _fault(error: UnreadableError | UnknownEventError) -> Fault:
    if isinstance(error, UnreadableError):
        return Fault(error.reason, error.detail, error.ours, error.tenant)
    return Fault("unknown_schema", str(error), True, "")


def _headers(found: Any) -> tuple[tuple[str, bytes], ...]:
    """Return headers as pairs: Faust hands them over as a mapping or as pairs."""
    return tuple(found.items() if isinstance(found, Mapping) else found or ())
