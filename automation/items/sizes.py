"""How large an item, an event and a turn may become: nothing sent may make a commit fail again and again (section 2).

Sizes are upper bounds of the Avro bytes, found without encoding anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, is_
from types import MappingProxyType
from typing import Any

from automation.envelope import Recorded
from automation.items.effects import CreationRequested, ItemAnswered, ItemAsked, PaymentRequested
from automation.items.events import RuleRunDelayed, RuleRunFailed, RuleRunSkipped, RuleRunStarted
from automation.items.state import ItemState
from automation.values import Money, Personal

STATE_LIMIT = 4 * 1024 * 1024
"""What an outside change or a step may take an item to."""
STATE_RESERVE = 1024 * 1024
"""On top of it for payments and outcomes: they are facts that an oversized item must take, too."""
EVENT_LIMIT = 8_000_000
"""A log takes records of 10 MB: the rest is for envelope and headers."""
REQUEST_LIMIT = 1_000_000
"""An inbox takes changes of 1 MiB: the rest is for the frame."""
TURN_LIMIT = 16_000_000
"""What the steps of one change may write together: it is one transaction."""
MOST_LINKS = 1_000
"""Links of an item: each may become a message."""
_LIGHT = 4_096
_EMPTY = 10
_WEIGHED_EVERY = 16
_INT64 = 2**63
_NAMING = (RuleRunSkipped, RuleRunFailed, RuleRunDelayed, RuleRunStarted)
"""Steps that only name a rule and a reason code."""
_OF_IDS = 2_000
_REQUESTS = (PaymentRequested, ItemAsked, ItemAnswered, CreationRequested)
_GROWING = attrgetter(
    "fields", "rows", "links", "observers", "payments", "runs", "results", "activities", "details", "processes",
    "steps", "waiters", "tasks", "held",
)  # fmt: skip


def weight(value: Any) -> int:
    """Return at least the bytes of a value; raises `OverflowError` for an integer of more than 64 bits."""
    return (_WEIGHTS.get(value.__class__) or _record)(value)


def _text(value: str) -> int:
    return 5 + (len(value) if value.isascii() else 4 * len(value))


def _integer(value: int) -> int:
    if not -_INT64 <= value < _INT64:
        raise OverflowError("an integer has more than 64 bits")
    return 11


def _money(value: Money) -> int:
    return 16 + _integer(value.minor) + len(value.currency)


def _many(values: Iterable[Any]) -> int:
    return 10 + sum([weight(value) for value in values])


def _mapping(value: Mapping[str, Any]) -> int:
    return _many(value) + _many(value.values()) if value else 10


def _record(value: Any) -> int:
    return _many([getattr(value, name) for name in value.__slots__])


_WEIGHTS: Mapping[type, Callable[[Any], int]] = {
    str: _text,
    int: _integer,
    Money: _money,
    Personal: lambda value: 2 + _text(value.text),
    type(None): lambda _value: 2,
    bool: lambda _value: 2,
    float: lambda _value: 9,
    bytes: lambda value: 10 + len(value),
    tuple: _many,
    dict: _mapping,
    MappingProxyType: _mapping,
}


def is_too_large(before: ItemState, after: ItemState, reserve: int = 0, growth: int = _LIGHT) -> bool:
    """Say whether an item has grown beyond what it may be; one that shrinks may stay too large.

    What adds less than 4 KiB (`growth`, in bytes) is let through without weighing all of the state, but for one time in
    16 versions: so much cannot break a limit by more than a few pages.
    """
    if growth < _LIGHT and before.version // _WEIGHED_EVERY == after.version // _WEIGHED_EVERY:
        return False
    new, old = _GROWING(after), _GROWING(before)
    if all(map(is_, new, old)):
        return False
    if len(after.links) > max(MOST_LINKS, len(before.links)):
        return True
    size = _filled(new)
    return size > STATE_LIMIT + reserve and size > _filled(old)


def _filled(parts: tuple[Any, ...]) -> int:
    """Return the weight of the parts of a state: most of them are empty, and need no look."""
    there = [part for part in parts if part]
    return _many(there) + _EMPTY * (len(parts) - len(there))


def exceeding(events: Iterable[Recorded], room: int) -> int:
    """Return what is left of `room` behind these events, and a negative number if one is too large by itself."""
    for recorded in events:
        size = _OF_IDS if isinstance(recorded.event, _NAMING) else weight(recorded.event)
        room -= size
        if room < 0 or size > (REQUEST_LIMIT if isinstance(recorded.event, _REQUESTS) else EVENT_LIMIT):
            return -1
    return room
