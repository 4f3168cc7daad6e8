"""Reads records whose header names are no UTF-8: aiokafka 0.14 raises at them, and the partition never goes on.

The broker takes such a record from any producer. `install` puts these classes in the place of aiokafka's own; a batch
without a fault is read by aiokafka's compiled code as before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_HEAD = struct.Struct(">qi")
"""Base offset of a batch, and the bytes that follow."""


class _Name(bytes):
    def decode(self, _encoding: str = "utf-8", _errors: str = "strict") -> str:
        return super().decode("utf-8", "replace")


class _Buffer(bytearray):
    """The records of a batch, with what is no UTF-8 shown as U+FFFD; only texts are decoded."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Name(found) if isinstance(at, slice) else found


class _LenientBatchPy(_DefaultRecordBatchPy):  # type: ignore[misc]  # final in its annotations alone
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        if not isinstance(self._buffer, _Buffer):
            self._buffer = _Buffer(self._buffer)


class _Batch:
    """A batch of aiokafka's, read a second time where a header's name is broken."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._batch:
                read += 1
                yield record
        except (UnicodeDecodeError, CorruptRecordException):
            for number, record in enumerate(_LenientBatchPy(bytearray(self._raw))):
                if number >= read:
                    yield record


class LenientRecords:
    """Stands for `MemoryRecords`: the batches of one fetched partition."""

    def __init__(self, raw: bytes) -> None:
        self._records = MemoryRecords(raw)
        self._raw = memoryview(raw)
        self._at = 0

    def size_in_bytes(self) -> int:
        """Return the size of the fetched bytes."""
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        """Say whether another batch is there."""
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        """Return the next batch, None behind the last."""
        batch = self._records.next_batch()
        if batch is None:
            return None
        begin, (_, size) = self._at, _HEAD.unpack_from(self._raw, self._at)
        self._at = begin + _HEAD.size + size
        return _Batch(batch, self._raw[begin : self._at])


def install() -> None:
    """Let all consumers of this process read leniently; a second call changes nothing."""
    fetcher.MemoryRecords = LenientRecords
