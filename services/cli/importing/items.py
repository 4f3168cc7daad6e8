"""Import items: rows to `crm.changes`, a chunk at a time, each confirmed before its place is remembered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaProducer

from services.cli.importing.rows import Change, RejectedError, RowMaker
from services.cli.importing.table import Numbered, Rejected, Table
from services.edge.codec import ChangeCodec, UnwritableError, item_changes
from services.edge.topics import partition_for

CHUNK = 2_000
"""Rows between two confirmations: what a crash sends again (and the engine drops)."""

Watch = Callable[[int, int], None]
"""Told bytes read and rows done, after each chunk."""


class Imported(NamedTuple):
    """What an import did; `skipped` rows were imported by an earlier run of it."""

    rows: int
    changes: int
    rejected: int
    skipped: int
    seconds: float


class Position:
    """The file that remembers how many rows are confirmed; one for each file, mapping and tenant."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """Return the number of the last row that is done; 0 for none."""
        try:
            return int(json.loads(self._path.read_text("utf-8"))["row"])
        except (FileNotFoundError, ValueError, KeyError):
            return 0

    def write(self, row: int) -> None:
        """Remember a row; a reader sees the old place or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({"row": row}), "utf-8")
        draft.replace(self._path)


class Importer:
    """Sends the rows of a table; `sender` is a started idempotent producer, `partitions` that of the topic.

    Records are packed into batches here: a call of the producer for each record would cost more than making it.
    """

    def __init__(
        self, sender: AIOKafkaProducer, topic: str, partitions: int, maker: RowMaker, rejected: Rejected
    ) -> None:
        self._sender = sender
        self._topic = topic
        self._partitions = partitions
        self._maker = maker
        self._codec: ChangeCodec = item_changes()
        self._rejected = rejected

    async def run(self, table: Table, position: Position, watch: Watch, rows_per_second: int = 0) -> Imported:
        """Import from where an earlier run was interrupted; raises KafkaError, TableError."""
        done, began, rows, changes = position.read(), time.monotonic(), 0, 0
        fresh = (found for found in table.rows() if found.number > done)
        while chunk := list(islice(fresh, CHUNK)):
            records = [record for found in chunk for record in self._records(found)]
            await self._send(records)
            self._rejected.flush()
            position.write(chunk[-1].number)
            rows, changes = rows + len(chunk), changes + len(records)
            watch(chunk[-1].bytes_read, rows)
            if rows_per_second:
                await asyncio.sleep(max(0.0, rows / rows_per_second - (time.monotonic() - began)))
        return Imported(rows, changes, self._rejected.count, done, time.monotonic() - began)

    def _records(self, found: Numbered) -> list[tuple[bytes, bytes]]:
        try:
            return [self._encoded(change) for change in self._maker.changes(found.number, found.row)]
        except (RejectedError, UnwritableError) as problem:
            self._rejected.add(found.line, str(problem), found.row)
            return []

    def _encoded(self, change: Change) -> tuple[bytes, bytes]:
        frame, body = change
        return frame.key.text.encode(), self._codec.encode(frame, body)

    async def _send(self, records: list[tuple[bytes, bytes]]) -> None:
        """Send a chunk and wait until all in-sync replicas have it; those of one item stay in order."""
        by_partition: dict[int, list[tuple[bytes, bytes]]] = {}
        for key, value in records:
            by_partition.setdefault(_partition(key, self._partitions), []).append((key, value))
        await asyncio.gather(*(self._send_part(number, part) for number, part in by_partition.items()))

    async def _send_part(self, number: int, records: list[tuple[bytes, bytes]]) -> None:
        batch, sent = self._sender.create_batch(), []
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=None) is None:
                # Waits while the producer's buffer is full: the file is read no faster than Kafka takes it.
                sent.append(await self._sender.send_batch(batch, self._topic, partition=number))
                batch = self._sender.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        sent.append(await self._sender.send_batch(batch, self._topic, partition=number))
        for confirmed in sent:
            await confirmed


@lru_cache(maxsize=4_096)
def _partition(key: bytes, partitions: int) -> int:
    return partition_for(key, partitions)
