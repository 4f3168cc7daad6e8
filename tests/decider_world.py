"""A decider of one partition in memory, for tests of what a change leads to without a broker."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from aiokafka import ConsumerRecord
from aiokafka.producer.message_accumulator import BatchBuilder

from automation.items import changes as c
from services.deal_stream.stream import DealStream
from services.edge.codec import item_changes
from services.edge.local_store import MemoryStore
from services.edge.processor.batch import Batch
from services.edge.processor.decider import Decider
from services.edge.processor.items import Items
from services.edge.processor.outputs import Outputs, Placed, Places
from services.edge.processor.settings import ProcessorSettings
from services.edge.processor.timers import TimerIndex
from services.edge.topics import LARGEST_RECORD, Topics
from tests.chaos.deal import SIGNER
from tests.core import spec


def decider_of(stream: Any, topics: Topics) -> Decider:
    """Return the decider of the only partition."""
    store, settings = MemoryStore(), ProcessorSettings()
    places = Places({topic.name: 1 for topic in topics.declared()}, LARGEST_RECORD, {})
    return Decider(stream, 0, settings, places, Items(stream, store, 100), TimerIndex(store))


def record_of(topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> Any:
    """Return a record of an inbox, as a fetch hands it out."""
    return ConsumerRecord(topic, 0, 0, 1_000, 1, key, value, None, len(key), len(value), headers)


class KeepingOutputs(Outputs):
    """Outputs that can be looked at."""

    def __init__(self) -> None:
        super().__init__(lambda: BatchBuilder(LARGEST_RECORD, 0, is_transactional=True), 1_000)
        self.kept: list[Placed] = []

    def add(self, records: Sequence[Placed]) -> None:
        """Keep them, too."""
        self.kept += records
        super().add(records)


def new_batch() -> Batch:
    """Return an empty batch with outputs that can be looked at."""
    return Batch(KeepingOutputs(), 0, time.monotonic() + 60)


def decided(stream: DealStream, change: c.ItemChange, headers: Sequence[tuple[str, bytes]]) -> list[Placed]:
    """Return what a first change of a deal leads to."""
    frame = spec.Story(spec.book_of()).frame()
    value = item_changes(SIGNER).encode(frame, change)
    batch = new_batch()
    topics = Topics(stream.name.removesuffix("deal_stream"))
    decider_of(stream, topics).fill(batch, deque([record_of(topics.changes, frame.key.text.encode(), value, headers)]))
    assert not batch.parked, batch.parked
    return batch.outputs.kept  # type: ignore[attr-defined]
