"""Import items: rows to `crm.changes`, a chunk at a time, each confirmed before its place is remembered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from services.cli.importing.rows import Change, RejectedError, RowMaker
from services.cli.importing.table import Numbered, Rejected, Table
from services.edge.codec import ChangeCodec, UnwritableError, item_changes

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
    """Sends the rows of a table; a started idempotent producer confirms in order."""

    def __init__(
        self, sender: AIOKafkaProducer, topic: str, maker: RowMaker, rejected: Rejected, rows_per_second: int
    ) -> None:
        self._sender = sender
        self._topic = topic
        self._maker = maker
        self._codec: ChangeCodec = item_changes()
        self._rejected = rejected
        self._pace = rows_per_second
        self._changes = 0

    async def run(self, table: Table, position: Position, watch: Watch) -> Imported:
        """Import from where an earlier run was interrupted; raises KafkaError, TableError."""
        done, began, rows = position.read(), time.monotonic(), 0
        sent: list[asyncio.Future[Any]] = []
        number = done
        for found in table.rows():
            if found.number <= done:
                continue
            sent += await self._send_row(found)
            number, rows = found.number, rows + 1
            if rows % CHUNK == 0:
                await self._confirm(sent, position, number)
                sent = []
                watch(found.bytes_read, rows)
                await self._keep_pace(rows, began)
        await self._confirm(sent, position, number)
        return Imported(rows, self._changes, self._rejected.count, done, time.monotonic() - began)

    async def _send_row(self, found: Numbered) -> list[asyncio.Future[Any]]:
        try:
            changes = [self._encoded(change) for change in self._maker.changes(found.number, found.row)]
        except (RejectedError, UnwritableError) as problem:
            self._rejected.add(found.line, str(problem), found.row)
            return []
        self._changes += len(changes)
        # `send` waits while the producer's buffer is full: the file is read no faster than Kafka takes it.
        return [await self._sender.send(self._topic, value, key) for key, value in changes]

    def _encoded(self, change: Change) -> tuple[bytes, bytes]:
        frame, body = change
        return frame.key.text.encode(), self._codec.encode(frame, body)

    async def _confirm(self, sent: list[asyncio.Future[Any]], position: Position, number: int) -> None:
        for confirmed in sent:
            await confirmed
        self._rejected.flush()
        position.write(number)

    async def _keep_pace(self, rows: int, began: float) -> None:
        if self._pace:
            await asyncio.sleep(max(0.0, rows / self._pace - (time.monotonic() - began)))
