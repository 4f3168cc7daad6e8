"""What a type of record is: one value `RECORD` in `types/<type>/record.py` (design sections 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from automation.envelope import Envelope, Key
from automation.plan import Answer
from automation.values import Moment, Value

if TYPE_CHECKING:
    from automation.items.changes import AskItem
    from automation.records.turn import RecordTurn

Mark: TypeAlias = tuple[str, str]
"""What a record is found by: a relation (`member`, `item`, `tag`) and a value."""

_NOTHING: Mapping[str, Value] = {}


class RecordState(NamedTuple):
    """The fold of a record's events; `body` is what its type keeps for later decisions, and no more."""

    type: str = ""
    version: int = 0
    recorded_at: Moment = 0
    seen: bytes = b""
    """The last changes handled, 16 bytes each."""
    source_seq: int = 0
    body: Any = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What an event changes in the list of records; `None` leaves a column as it is."""

    title: str | None = None
    status: str | None = None
    owner: str | None = None
    fields: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    add: tuple[Mark, ...] = ()
    remove: tuple[Mark, ...] = ()
    text: str = ""
    """Searchable text, kept beside the record."""


def _no_timers(_body: Any) -> Iterable[tuple[Moment, str]]:
    return ()


def _never(turn: RecordTurn, timer_id: str) -> None:
    raise LookupError(f"{turn.key_text} has no timer {timer_id}")


def _everything(_body: Any, _user: str) -> int | None:
    return 0


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record. Every function is pure; handlers speak through their turn: they emit events, or refuse."""

    name: str
    """Second part of the key, and name of the folder."""
    title: str
    body: type
    """A frozen dataclass with slots; each field has a default."""
    folds: Mapping[type, Callable[[Any, Envelope, Any], Any]]
    """Each of its own events that changes the body: from body, envelope and event to the new one.

    An entry without a fold changes nothing, and readers of the body need not even decode it.
    """
    changes: Mapping[type, Callable[[RecordTurn, Any], None]]
    """What platforms and users may send, and `ReportOutcome` where the record makes calls itself.

    Raises `ChangeRefusedError`; a change that emits nothing is remembered as seen.
    """
    questions: Mapping[str, Callable[[RecordTurn, AskItem], Answer | None]]
    """What rules may ask by `ItemAsked`: a handler emits events and returns the answer.

    `None` where the answer comes later: the record remembers who asked, and emits `ItemAnswered` itself.
    """
    creates: frozenset[type | str]
    """The changes and questions that a record without events takes; each other one meets `item_not_found`."""
    shows: Mapping[type, Callable[[Any], Shown]]
    checks: Mapping[type, Callable[[Key, str, Any], None]] = field(default_factory=dict)
    """What makes a change unfit whatever the state: with the key and the user who sends it; raises as `changes` do.

    The gateway asks beforehand, so that its caller learns at once what would else be a dead letter.
    """
    entries: tuple[type, ...] = ()
    """Events that are its content, readable in order: the messages of a chat."""
    reads_from: Callable[[Any, str], int | None] = _everything
    """The version after which a user may read entries; `None`: not at all."""
    timers: Callable[[Any], Iterable[tuple[Moment, str]]] = _no_timers
    fire: Callable[[RecordTurn, str], None] = _never
