"""Kills a payment tracker at every boundary of its loop, one after another, and compares with the model."""

from __future__ import annotations

import asyncio
import itertools
import signal
import uuid
from pathlib import Path

import pytest

from services.edge.kafka import KafkaSettings, admin
from services.edge.processor.points import CRASH_CODE, POINTS
from tests.chaos.checker import Verdict, check
from tests.chaos.single import sender
from tests.chaos.subject import Place, new_topics
from tests.chaos.world import Child, options

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

_SUBJECT = "tests.chaos.payment"
_ORDERLY = ("revoked", "released")


def _tracker(home: Path, place: Place, point: str = "") -> Child:
    """Return a worker that ends at a point; a static member, so that the next one has its partitions at once."""
    given = {"stream": _SUBJECT, "prefix": place.prefix, "bootstrap": place.bootstrap, "data": home / "one"}
    environment = {"STAGEWIRE_CRASH_AT": f"{point}:1"} if point else {}
    return Child("one", lambda: options("tests.chaos.worker", given | {"instance": "one"}), home, environment)


async def test_a_kill_at_any_point_neither_loses_nor_doubles_a_payment(kafka: KafkaSettings, tmp_path: Path) -> None:
    """Orders, links and notices go on meanwhile; each kill is seen to happen, and items are told everything once."""
    place = Place(_SUBJECT, f"t{uuid.uuid4().hex[:8]}.", kafka.bootstrap_servers or "", 2)
    client = admin(kafka)
    await client.start()
    await client.create_topics(new_topics(place))
    await client.close()
    feeding = sender(tmp_path, "orders", place, 40, itertools.count(1))
    feeding.start()
    try:
        codes = [await _ends(_tracker(tmp_path, place, point)) for point in POINTS if point not in _ORDERLY]
        feeding.send(signal.SIGKILL)
        last = _tracker(tmp_path, place)
        last.start()
        verdict = await _settled(place)
        last.send(signal.SIGTERM)
        assert await last.ended(120) == 0
    finally:
        feeding.send(signal.SIGKILL)
    assert set(codes) == {CRASH_CODE}, codes
    assert not verdict.bad, verdict.examples
    assert verdict.counted["events"] > 100


async def _ends(tracker: Child) -> int | None:
    tracker.start()
    return await tracker.ended(120)


async def _settled(place: Place) -> Verdict:
    async with asyncio.timeout(120):
        while True:
            verdict = await check(place, 0)
            if not verdict.bad or verdict.wrong:
                return verdict
            await asyncio.sleep(1)
