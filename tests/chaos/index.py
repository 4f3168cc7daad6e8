"""Compares the index of `history` with the logs: the events by their bytes, the current rows by folding again."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from services.cli.replay.comparing import with_history
from services.cli.replay.folding import fold, kinds
from services.edge.topics import Topics
from services.history.opening import open_history_reader
from tests.chaos.checker import Held, Verdict

_EVENTS = "SELECT originator_id, state FROM history_events ORDER BY originator_id, originator_version"
_ANOMALIES = "SELECT count(*) FROM history_anomalies"


async def judge_index(topics: Topics, held: dict[str, Held], path: Path, bootstrap: str) -> Verdict:
    """Count events that the index lacks, has twice or made up, its anomalies, and rows that the fold contradicts."""
    found = Verdict()
    wanted = dict(_logged("item", held[topics.events])) | dict(_logged("payment", held[topics.payment_events]))
    indexed, anomalies = _indexed(path)
    for stream in wanted.keys() | indexed.keys():
        should, does = wanted.get(stream, []), indexed.get(stream, [])
        if should != does:
            _differ(found, stream, should, does)
    found.phantom += anomalies
    found.counted |= {"streams": len(indexed), "events": sum(map(len, indexed.values())), "anomalies": anomalies}
    await _refold(found, topics, path, bootstrap)
    return found


def _logged(log: str, held: Held) -> Iterable[tuple[str, list[bytes]]]:
    streams: dict[str, list[bytes]] = defaultdict(list)
    for records in held.values():
        for record in records:
            streams[f"{log}/{record.key.decode()}"].append(record.value)
    return streams.items()


def _indexed(path: Path) -> tuple[dict[str, list[bytes]], int]:
    streams: dict[str, list[bytes]] = defaultdict(list)
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    for stream, state in database.execute(_EVENTS):
        streams[stream].append(bytes(state))
    anomalies = database.execute(_ANOMALIES).fetchone()[0]
    database.close()
    return streams, int(anomalies)


def _differ(found: Verdict, stream: str, should: list[bytes], does: list[bytes]) -> None:
    if should[: len(does)] == does:
        found.lost += len(should) - len(does)
    elif does[: len(should)] == should:
        found.phantom += len(does) - len(should)
    else:
        found.disordered += 1
    found.examples.append(f"{stream}: {len(should)} in the log, {len(does)} in the index")
    del found.examples[10:]


async def _refold(found: Verdict, topics: Topics, path: Path, bootstrap: str) -> None:
    reader: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", group_id=None)
    await reader.start()
    store, compared = open_history_reader(f"sqlite:///{path}"), 0
    try:
        for kind in kinds(topics):
            await reader._client._wait_on_metadata(kind.topic)
            for number in range(topics.partitions):
                folded = await fold(reader, kind, TopicPartition(kind.topic, number), topics.partitions)
                rows = with_history(kind, folded, store, "")
                compared += rows.compared
                found.lost += rows.behind
                found.phantom += len(rows.differences) + len(folded.faults)
                found.examples += map(str, [*rows.differences, *folded.faults][:3])
    finally:
        store.close()
        await reader.stop()
    found.counted["rows refolded"] = compared
