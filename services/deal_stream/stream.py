"""The stream of items: `crm.changes` decided into `crm.events` (design sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from automation.definitions.book import Book
from automation.envelope import Key, Recorded
from automation.errors import ChangeRefusedError
from automation.items.changes import ChangeFrame, ItemChange
from automation.items.decide import Outcome, decide, fire, timers
from automation.items.state import ItemState
from automation.records import decide as records
from automation.records.fold import FOLD_VERSION, evolve, initial
from automation.records.loading import record_types
from automation.records.model import RecordState
from automation.values import Moment
from services.deal_stream.copies import Copies
from services.edge.avro_stream import AvroStream
from services.edge.codec import ChangeCodec, EventCodec, StateCodec
from services.edge.definitions import Definitions
from services.edge.stream import Decision, Output, Timer, UnreadableError
from services.edge.topics import Topics

Framed = tuple[ChangeFrame, ItemChange]
State: TypeAlias = ItemState | RecordState


class DealStream(AvroStream[State]):
    """The `Stream` of items, and of records with rules of their own, for the transactional loop."""

    fold_version = FOLD_VERSION

    def __init__(
        self, topics: Topics, changes: ChangeCodec, events: EventCodec, copies: Copies,
        definitions: Definitions, release: str,
    ) -> None:  # fmt: skip
        self.name = f"{topics.prefix}deal_stream"
        self.inbox = topics.changes
        self.log = topics.events
        self.snapshots = topics.snapshots
        self.dead_letters = topics.dead_letters
        super().__init__(changes, events, StateCodec())
        self._records = record_types()
        self._copies = copies
        self._definitions = definitions
        self._release = release

    @property
    def _book(self) -> Book:
        return self._definitions.book

    def definitions_needed(self, change: Framed) -> int:
        """Return the version that the change was stamped with."""
        return change[0].definitions_version

    def definitions_version(self) -> int:
        """Return the version in force here."""
        return self._book.version

    async def catch_up(self, version: int | None) -> None:
        """Read definitions up to a version, or to their end."""
        await self._definitions.catch_up(version)

    def initial(self) -> State:
        """Return the state of an unknown item or record."""
        found: ItemState = initial()
        return found

    def decide(self, state: Any, change: Framed, now: Moment) -> Decision:
        """Decide on a change; what the core refuses goes to the dead letters."""
        frame, body = change
        try:
            record, book = self._records.get(frame.item_type), self._book
            if record is None:
                outcome: Outcome | records.Outcome = decide(state, frame, body, now, book, self._release)
            else:
                outcome = records.decide(record, state, frame, body, now, book, self._release)
        except ChangeRefusedError as refused:
            raise UnreadableError(refused.reason, refused.detail, tenant=frame.tenant) from refused
        return self._decision(outcome)

    def _decision(self, outcome: Outcome | records.Outcome) -> Decision:
        return Decision(outcome.state, outcome.events, [self._copies.request(r) for r in outcome.requests])

    def timers(self, state: State) -> Iterable[Timer]:
        """Return the open timers of an item or record."""
        if isinstance(state, RecordState):
            return [Timer(*found) for found in records.timers(self._records[state.type], state)]
        return [Timer(due, name) for due, name in timers(state)]

    def fire(self, key: bytes, state: State, timer: Timer, now: Moment) -> Decision:
        """Decide on a due timer."""
        parsed = Key.parse(key.decode())
        if isinstance(state, RecordState):
            record = self._records[state.type]
            return self._decision(records.fire(record, state, parsed, timer.timer_id, now, self._book, self._release))
        return self._decision(fire(state, parsed, timer.timer_id, now, self._book, self._release))

    def evolve(self, state: State, recorded: Recorded) -> State:
        """Fold one event."""
        found: State = evolve(state, recorded)
        return found

    def outputs(self, recorded: Recorded) -> Sequence[Output]:
        """Return the copy of an effect for whoever performs it."""
        return self._copies.of(recorded)
