"""What waits in front of a local store: seen at once, written as one, lost as one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from services.edge.local_store import MemoryStore
from services.edge.write_behind import Later, WriteBehind

_KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
_WRITES = st.lists(st.dictionaries(_KEYS, st.none() | st.binary(max_size=2), min_size=1), max_size=20)


def _held(store: MemoryStore | WriteBehind) -> dict[bytes, bytes]:
    return dict(store.scan(b"", b"\xff"))


def _after(writes: list[dict[bytes, bytes | None]]) -> dict[bytes, bytes]:
    plain = MemoryStore()
    for write in writes:
        plain.write(write)
    return _held(plain)


@given(_WRITES, st.integers(1, 6))
def test_what_a_kill_leaves_is_the_store_as_of_some_write(
    writes: list[dict[bytes, bytes | None]], most: int
) -> None:  # fmt: skip
    """Never a part of a write, and never a later write without an earlier one."""
    kept = MemoryStore()
    store = WriteBehind(kept, most, 1e9)
    for number, write in enumerate(writes, 1):
        store.write(write)
        left = _held(kept)  # what a kill would leave
        assert left in [_after(writes[:count]) for count in range(number + 1)]
        assert {key: store.get(key) for key in write} == write


@given(_WRITES)
def test_a_scan_and_an_orderly_end_have_everything(writes: list[dict[bytes, bytes | None]]) -> None:
    """Neither knows what has been written and what has not."""
    store, kept = WriteBehind(MemoryStore()), MemoryStore()
    closed = WriteBehind(kept)
    for write in writes:
        store.write(write)
        closed.write(write)
    closed.close()
    assert _held(store) == _held(kept) == _after(writes)


def test_a_value_that_is_written_over_is_never_made() -> None:
    """An item that changes often is encoded once for a checkpoint."""
    made: list[bytes] = []

    def later(value: bytes) -> Mapping[bytes, Later]:
        return {b"k": partial(_told, made, value)}

    kept = MemoryStore()
    store = WriteBehind(kept)
    for value in (b"1", b"2", b"3"):
        store.write(later(value))
    store.checkpoint()
    assert made == [b"3"]
    assert kept.get(b"k") == b"3"


def test_what_has_waited_long_enough_goes_with_the_next_write() -> None:
    """A kill takes some seconds at most, however few the changes are."""
    now = [0.0]
    kept = MemoryStore()
    store = WriteBehind(kept, 1_000, 10.0, lambda: now[0])
    store.write({b"a": b"1"})
    now[0] = 9.9
    store.write({b"b": b"2"})
    assert _held(kept) == {}
    now[0] = 10.0
    store.write({b"c": b"3"})
    assert _held(kept) == {b"a": b"1", b"b": b"2", b"c": b"3"}


def test_no_write_makes_more_than_a_portion_of_a_checkpoint() -> None:
    """Thousands of values that are due at once do not hold up the batch that comes next; in the end all are there."""
    made: list[bytes] = []
    kept = MemoryStore()
    store = WriteBehind(kept, 1_000, 1e9)

    def write(*keys: int) -> int:
        before = len(made)
        store.write({b"%04d" % key: partial(_told, made, b"%04d" % key) for key in keys})
        return len(made) - before

    assert [write(number) for number in range(999)] == [0] * 999
    portions = [write(9_000 + number) for number in range(20)]
    assert max(portions) < 100
    assert sum(portions) == len(_held(kept)) == 1_000


def _told(made: list[bytes], value: bytes) -> bytes:
    made.append(value)
    return value
