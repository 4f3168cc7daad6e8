"""What the transactional loop needs to know of a stream: the edge face of one decide/evolve pair (design section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from automation.envelope import Recorded
from automation.values import Moment

State = TypeVar("State")
Change = TypeVar("Change")

Headers = Sequence[tuple[str, bytes]]


class Output(NamedTuple):
    """A record to produce; `topic` is a full topic name, the partition follows from the key (murmur2)."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()


class Timer(NamedTuple):
    """A moment at which an item wants to be woken; derived from its state, never stored apart from it."""

    due: Moment
    timer_id: str


class Decision(NamedTuple):
    """What a change or timer led to: the events in order, and the state with all of them folded in."""

    state: Any
    events: Sequence[Recorded]
    outputs: Sequence[Output] = ()
    """Records to produce although no event stands for them: the answer about an item that does not exist."""


class UnreadableError(Exception):
    """A record cannot be decoded or breaks a rule of its schema: park it (dead letter).

    `reason` is a short code such as `undecodable`, `unknown_schema`, `invalid`, `unsigned`, `key_mismatch`;
    `ours` says whether the fault is our own (unknown schema of ours, a bug) and counts towards the ceiling.
    """

    def __init__(self, reason: str, detail: str, *, ours: bool = False, tenant: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.ours = ours
        self.tenant = tenant


class Stream(Protocol[State, Change]):
    """One decide/evolve pair with its topics and codecs. All methods but `catch_up` are pure and synchronous."""

    name: str
    """Consumer group; transactional ids are `<name>-<input partition>`."""
    inbox: str
    log: str
    snapshots: str
    dead_letters: str
    """Full topic names; inbox, log and snapshots have the same number of partitions."""
    fold_version: int
    """Raised when `evolve` or the shape of state changes: stores and snapshots of another one are not used."""

    def read_change(self, key: bytes | None, value: bytes | None, headers: Headers) -> Change:
        """Decode and check one record of the inbox; raises `UnreadableError`."""
        ...

    def key_of(self, change: Change) -> bytes:
        """Return the key of the aggregate that the change belongs to."""
        ...

    def definitions_needed(self, change: Change) -> int:
        """Return the definitions version that the change must be decided with at least; 0 for any."""
        ...

    def definitions_version(self) -> int:
        """Return the version that `decide` works with now."""
        ...

    async def catch_up(self, version: int | None) -> None:
        """Read definitions up to `version`, or to their end when None; returns early if `version` does not exist."""
        ...

    def initial(self) -> State:
        """Return the state of an aggregate without events."""
        ...

    def decide(self, state: State, change: Change, now: Moment) -> Decision:
        """Decide on a change; no events means it is a repeat, which is dropped and counted."""
        ...

    def timers(self, state: State) -> Iterable[Timer]:
        """Return the open timers of a state."""
        ...

    def fire(self, key: bytes, state: State, timer: Timer, now: Moment) -> Decision:
        """Decide on a due timer; `now` is its due moment."""
        ...

    def evolve(self, state: State, recorded: Recorded) -> State:
        """Fold one event of the log."""
        ...

    def version_of(self, state: State) -> int:
        """Return the version of the last event folded; 0 for none."""
        ...

    def write_event(self, recorded: Recorded) -> Output:
        """Encode an event for the log: key, value and headers."""
        ...

    def read_event(self, value: bytes, headers: Headers) -> Recorded:
        """Decode an event of the log; raises `UnreadableError`."""
        ...

    def outputs(self, recorded: Recorded) -> Sequence[Output]:
        """Return the copies of an event for those who perform it: most events have none."""
        ...

    def write_state(self, state: State) -> bytes:
        """Encode a state for the local store and for snapshots."""
        ...

    def read_state(self, value: bytes) -> State:
        """Decode what `write_state` wrote."""
        ...
