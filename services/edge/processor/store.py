"""Key spaces and values of a partition's local store, and of `crm.snapshots`.

| key | value |
| --- | --- |
| `i` + item key | StoredItem |
| `t` + due + item key + timer id | empty; in the order (due, key, id) |
| `d` + item key | empty; changed since its last snapshot |
| `m` + name | position, next offset, identity, floor |
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from automation.values import Moment
from services.edge.stream import Timer

ITEM, TIMER, DIRTY, META = b"i", b"t", b"d", b"m"
POSITION = META + b"position"
NEXT = META + b"next"
IDENTITY = META + b"identity"

_HEAD = struct.Struct(">BQH")
_TIMER = struct.Struct(">qH")
_NUMBER = struct.Struct(">q")


class StoredItem(NamedTuple):
    """An item at rest: timers stand beside the state so that a restore need not decode it."""

    version: int
    timers: tuple[Timer, ...]
    state: bytes
    aside: bool = False
    """Set aside: an event after `version` cannot be folded."""


class DueTimer(NamedTuple):
    """A timer with its item, in the order in which timers fire."""

    due: Moment
    key: bytes
    timer_id: str


def write_item(item: StoredItem) -> bytes:
    """Encode an item for the local store."""
    head = _HEAD.pack(item.aside, item.version, len(item.timers))
    if not item.timers:
        return head + item.state
    return head + b"".join(map(_write_timer, item.timers)) + item.state


def read_item(value: bytes) -> StoredItem:
    """Decode what `write_item` wrote."""
    aside, version, count = _HEAD.unpack_from(value)
    at = _HEAD.size
    timers = []
    for _ in range(count):
        due, size = _TIMER.unpack_from(value, at)
        at += _TIMER.size + size
        timers.append(Timer(due, value[at - size : at].decode()))
    return StoredItem(version, tuple(timers), value[at:], bool(aside))


def _write_timer(timer: Timer) -> bytes:
    name = timer.timer_id.encode()
    return _TIMER.pack(timer.due, len(name)) + name


def timer_key(timer: DueTimer) -> bytes:
    """Encode a timer so that byte order is firing order; a zero byte in the item key is escaped."""
    key = timer.key.replace(b"\0", b"\0\xff")
    return TIMER + _due(timer.due) + key + b"\0\1" + timer.timer_id.encode()


def read_timer(stored: bytes) -> DueTimer:
    """Decode what `timer_key` wrote."""
    due = int.from_bytes(stored[1:9], "big") - 2**63
    key, _, name = stored[9:].partition(b"\0\1")
    return DueTimer(due, key.replace(b"\0\xff", b"\0"), name.decode())


def timers_after(timer: DueTimer | None) -> bytes:
    """Return where the scan for timers behind `timer` begins."""
    return TIMER if timer is None else timer_key(timer) + b"\0"


def end_of(space: bytes) -> bytes:
    """Return the first key behind a key space."""
    return bytes([space[0] + 1])


def write_number(number: int) -> bytes:
    """Encode an offset."""
    return _NUMBER.pack(number)


def read_number(value: bytes | None) -> int:
    """Decode an offset; -1 where there is none."""
    return -1 if value is None else int(_NUMBER.unpack(value)[0])


def _due(due: Moment) -> bytes:
    return (due + 2**63).to_bytes(8, "big")


def due_timers(key: bytes, timers: Iterable[Timer]) -> list[DueTimer]:
    """Attach the item to its timers."""
    return [DueTimer(timer.due, key, timer.timer_id) for timer in timers]
