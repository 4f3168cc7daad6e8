"""One contract for the local store: RocksDB, its double in memory, and what writes behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.edge.local_store import LocalStore, MemoryStore, RocksStore
from services.edge.write_behind import WriteBehind


@pytest.fixture(params=["rocks", "memory", "behind"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalStore]:
    """Each test runs on all."""
    made: LocalStore = MemoryStore() if request.param == "memory" else RocksStore(tmp_path / "db")
    if request.param == "behind":
        made = WriteBehind(made)
    yield made
    made.close()


def test_a_key_that_was_never_written_is_missing(store: LocalStore) -> None:
    """None and an empty value are different things."""
    store.write({b"empty": b""})
    assert store.get(b"absent") is None
    assert store.get(b"empty") == b""


def test_one_write_puts_and_deletes(store: LocalStore) -> None:
    """A value of None deletes, and a key that is not there may be deleted."""
    store.write({b"a": b"1", b"b": b"2"})
    store.write({b"a": None, b"b": b"3", b"never": None})
    assert [store.get(key) for key in (b"a", b"b")] == [None, b"3"]


def test_a_scan_is_in_byte_order_and_excludes_its_end(store: LocalStore) -> None:
    """Keys compare as bytes, the end is excluded."""
    store.write({key: key for key in (b"b", b"a\xff", b"a", b"c", b"a\0")})
    assert [key for key, _ in store.scan(b"a", b"c")] == [b"a", b"a\0", b"a\xff", b"b"]


def test_a_scan_shows_the_moment_of_its_call(store: LocalStore) -> None:
    """Writes during a scan do not disturb it."""
    store.write({b"a": b"1", b"b": b"2"})
    found = store.scan(b"a", b"z")
    store.write({b"b": None, b"c": b"3"})
    assert list(found) == [(b"a", b"1"), (b"b", b"2")]


def test_clear_leaves_an_empty_store_that_works(store: LocalStore) -> None:
    """A store of another fold is emptied and used on."""
    store.write({b"a": b"1"})
    store.clear()
    assert list(store.scan(b"", b"\xff")) == []
    store.write({b"b": b"2"})
    assert store.get(b"b") == b"2"


def test_rocksdb_keeps_what_was_written_when_it_is_opened_again(tmp_path: Path) -> None:
    """Close and open: the write-ahead log is replayed."""
    first = RocksStore(tmp_path / "db")
    first.write({b"a": b"1"})
    first.close()
    second = RocksStore(tmp_path / "db")
    assert second.get(b"a") == b"1"
    second.close()
