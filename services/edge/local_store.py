"""The ordered key-value store that a partition's state lives in: RocksDB on disk, and a double in memory.

What the keys mean is the business of `processor/store.py`; here they are bytes. A `write` is atomic: after a kill
either all of it is there or nothing. Nothing is synced to disk for each write: what a power cut takes from the end is
folded again from the log, because the position in the log is part of the same write.
"""

from __future__ import annotations

import shutil
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, ReadOptions, WriteBatch

_MB = 1024 * 1024


class LocalStore(Protocol):
    """An ordered map of bytes with atomic writes."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        ...

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Put all values and delete the keys with None, atomically."""
        ...

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs with start <= key < stop in order, as of the call."""
        ...

    def clear(self) -> None:
        """Remove everything."""
        ...

    def close(self) -> None:
        """Release the files; the store is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Memory that one partition's RocksDB may take, in bytes."""

    block_cache: int = 16 * _MB
    write_buffer: int = 16 * _MB
    open_files: int = 128


class RocksStore:
    """A RocksDB of its own directory."""

    def __init__(self, path: Path, limits: StoreLimits | None = None) -> None:
        self._path = path
        self._limits = limits or StoreLimits()
        self._db = self._open()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        found: bytes | None = self._db.get(key)
        return found

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Put and delete atomically, through the write-ahead log."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        self._db.write(batch)

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs with start <= key < stop in order, as of the call."""
        options = ReadOptions()
        options.set_iterate_upper_bound(stop)
        found: Iterator[tuple[bytes, bytes]] = self._db.items(from_key=start, read_opt=options)
        return found

    def clear(self) -> None:
        """Delete the files and begin anew."""
        self._db.close()
        shutil.rmtree(self._path)
        self._db = self._open()

    def close(self) -> None:
        """Flush and release the files."""
        self._db.close()

    def _open(self) -> Any:
        self._path.mkdir(parents=True, exist_ok=True)
        return Rdict(str(self._path), _options(self._limits), access_type=AccessType.read_write())


def _options(limits: StoreLimits) -> Any:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(limits.write_buffer)
    options.set_max_write_buffer_number(2)
    options.set_max_open_files(limits.open_files)
    options.set_max_total_wal_size(4 * limits.write_buffer)
    options.set_keep_log_file_num(2)
    table = BlockBasedOptions()
    table.set_block_cache(Cache(limits.block_cache))
    table.set_bloom_filter(10, False)
    table.set_cache_index_and_filter_blocks(True)
    options.set_block_based_table_factory(table)
    return options


class MemoryStore:
    """The double: a dictionary and a sorted list of its keys."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        return self._values.get(key)

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Put and delete."""
        for key, value in changes.items():
            if value is None:
                self._remove(key)
            else:
                self._put(key, value)

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield pairs with start <= key < stop in order, as of the call."""
        keys = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, stop)]
        return iter([(key, self._values[key]) for key in keys])

    def clear(self) -> None:
        """Remove everything."""
        self._values.clear()
        self._keys.clear()

    def close(self) -> None:
        """Do nothing: there are no files."""

    def _put(self, key: bytes, value: bytes) -> None:
        if key not in self._values:
            insort(self._keys, key)
        self._values[key] = value

    def _remove(self, key: bytes) -> None:
        if self._values.pop(key, None) is not None:
            del self._keys[bisect_left(self._keys, key)]
