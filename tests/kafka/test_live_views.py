"""`live_views` on a real broker: its sums are those of `history`, whatever Faust reads twice or cannot read."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from automation.envelope import Key, Recorded
from automation.items import effects, evolve
from automation.items import events as e
from automation.values import Money, Personal
from services.edge import topic_check
from services.edge.codec import item_events
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.processor.dead_letters import list_dead_letters
from services.edge.topics import Topics
from services.history.feed import LogFeed
from services.history.heads import heads_by
from services.history.indexer import Indexer
from services.history.metrics import HistoryMetrics
from services.history.opening import open_history
from services.history.queries import History
from services.history.service import HistoryService
from services.live_views.board import WANTED
from services.live_views.engine import _CommittedThread
from services.live_views.service import LiveViews, RebuildError
from services.live_views.settings import LiveViewsSettings
from tests.conftest import PARTITIONS, with_admin
from tests.history_world import recorded

pytestmark = pytest.mark.kafka

CODEC = item_events()
KEYS = [Key(tenant, "deal", str(number)) for tenant in ("acme", "rival") for number in range(15)]


@pytest.fixture
def topics(kafka: KafkaSettings) -> Topics:
    """A log and dead letters of its own for each test."""
    named = Topics(prefix=f"v{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    needed = [topic for topic in named.declared() if topic.name in (named.events, named.dead_letters)]
    with_admin(kafka, lambda client: topic_check.apply(client, needed))
    return named


def _life(key: Key) -> list[Recorded]:
    """Return a short life of a deal: created, repriced, moved, a rule with an e-mail, a payment; some are deleted."""
    number = int(key.item_id)
    price, stage = Money(1000 * (number + 1), "EUR" if number % 2 else "USD"), f"s{number % 3}"
    mail = effects.ClientEmailRequested(
        "m", "r", Personal("a@b.test"), "s", Personal("x"), Personal("y"), "bbcode", False
    )
    events: list[Any] = [
        e.ItemCreated({"amount": Money(1, "EUR")}, "sales", "new", "7", "7", (), automated=False),
        e.FieldsChanged((e.FieldChange("amount", Money(1, "EUR"), price),)),
        e.StageMoved("new", stage, 2, automated=False),
        mail,
        e.EffectAnswered("m", "r", "completed" if number % 2 else "failed", "", {}, 1),
        e.RuleRunCompleted("r", "rule", 1, 2, {}),
        e.PaymentNoted("order-pay", "o", "paid", Money(500, "EUR"), ""),
    ]
    return [
        recorded(key, version, event) for version, event in enumerate(events + [e.ItemDeleted()] * (number > 12), 1)
    ]


async def _send(
    kafka: KafkaSettings, topic: str, records: list[tuple[bytes, bytes]], *, commit: bool = True, partition: Any = None
) -> None:
    sender = producer(kafka, transactional_id=f"w-{topic}", compression=None)
    await sender.start()
    try:
        await sender.begin_transaction()
        await asyncio.gather(*[await sender.send(topic, value, key, partition=partition) for key, value in records])
        await (sender.commit_transaction() if commit else sender.abort_transaction())
    finally:
        await sender.stop()


def _written(found: list[Recorded]) -> list[tuple[bytes, bytes]]:
    return [(one.envelope.key.text.encode(), CODEC.encode(one)) for one in found]


@asynccontextmanager
async def _views(
    kafka: KafkaSettings, topics: Topics, stuck_seconds: float = 60
) -> AsyncIterator[tuple[LiveViews, asyncio.Task[None]]]:
    views = LiveViews(
        kafka, topics, LiveViewsSettings(port=0, stuck_seconds=stuck_seconds), lambda value: CODEC.skim(value, WANTED)
    )
    task = asyncio.create_task(views.run())
    try:
        yield views, task
    finally:
        views.stop()
        await asyncio.gather(task, return_exceptions=True)


async def _get(views: LiveViews, path: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{views.port}{path}") as answer:
        return answer.status, await answer.json(content_type=None)


async def _until(settled: Callable[[Any], bool], views: LiveViews, task: asyncio.Task[None], path: str) -> Any:
    async with asyncio.timeout(120):
        while True:
            if task.done():
                await task
            if views.port:
                status, body = await _get(views, path)
                if status == 200 and settled(body):
                    return body
            await asyncio.sleep(0.1)


async def _fresh_count(kafka: KafkaSettings, topics: Topics, home: Path) -> History:
    """Return history after it has read the whole log."""
    store, metrics = open_history(f"sqlite:///{home}/history.db"), HistoryMetrics(CollectorRegistry())
    reader = consumer(kafka, f"{topics.prefix}history", offset_reset="none")
    feed = LogFeed(reader, [topics.events], Indexer(store, {topics.events: ("item", heads_by(CODEC.decode))}, metrics))
    service = HistoryService(feed, store, metrics)
    task = asyncio.create_task(service.run())
    async with asyncio.timeout(120):
        while not service.ready or not all(_indexed(store, key) for key in KEYS):  # noqa: ASYNC110 - the index has no event to wait for
            await asyncio.sleep(0.05)
    service.stop()
    await task
    return History(store, CODEC.decode, evolve)


def _indexed(store: Any, key: Key) -> bool:
    row = store.current(f"item/{key.text}")
    return row is not None and row.version == len(_life(key))


async def test_the_views_equal_a_fresh_count_from_history(kafka: KafkaSettings, topics: Topics, tmp_path: Path) -> None:
    """Stages and amounts agree for every tenant; aborted records and records read twice change nothing."""
    lives = [_life(key) for key in KEYS]
    await _send(kafka, topics.events, _written([one for life in lives for one in life[:3]]))
    await _send(kafka, topics.events, _written([recorded(KEYS[0], 4, e.ItemDeleted())]), commit=False)
    async with _views(kafka, topics) as (views, task):
        await _until(lambda body: body["complete"], views, task, "/status")
        await _send(kafka, topics.events, _written([one for life in lives for one in life[3:]]))
        await _send(kafka, topics.events, _written(lives[3]))
        total = sum(map(len, lives)) + len(lives[3])
        await _until(lambda body: body["handled"] >= total, views, task, "/status")
        history = await _fresh_count(kafka, topics, tmp_path)
        for tenant in ("acme", "rival"):
            rows = (await _get(views, f"/views/{tenant}/stages"))[1]["rows"]
            assert rows == [row._asdict() for row in history.stage_totals(tenant, "deal")]
            assert sum(row["items"] for row in rows) == 13
        assert (await _get(views, "/views/acme/deliveries"))[1]["rows"] == [
            {"channel": "client_email", "status": "completed", "times": 7},
            {"channel": "client_email", "status": "failed", "times": 8},
        ]
        assert (await _get(views, "/views/acme/payments"))[1]["rows"] == [
            {"status": "paid", "currency": "EUR", "payments": 1, "amount_minor": 500}
        ]
        (minute,) = (await _get(views, "/views/acme/minutes"))[1]["rows"]
        assert (minute["origin"], minute["outcome"], minute["times"]) == ("rule", "completed", 15)
        assert (await _get(views, "/views/nobody/stages"))[1] == {"rows": []}


async def test_a_record_that_cannot_be_read_is_parked_and_the_others_are_counted(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """Its bytes lie in the dead letters with their origin, and later events of the item still count."""
    async with _views(kafka, topics) as (views, task):
        await _until(lambda body: body["complete"], views, task, "/status")
        life = _life(KEYS[1])
        await _send(kafka, topics.events, [*_written(life[:1]), (b"acme/deal/1", b"\0nonsense"), *_written(life[2:3])])
        body = await _until(lambda body: body["handled"] == 3, views, task, "/status")
        assert (body["unreadable"], body["items"]) == (1, 1)
        assert [row["stage"] for row in (await _get(views, "/views/acme/stages"))[1]["rows"]] == ["s1"]
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    letters = [letter async for letter in list_dead_letters(reader, topics.dead_letters)]
    await reader.stop()
    assert [(one.value, one.origin.topic, one.key) for one in letters] == [
        (b"\0nonsense", topics.events, b"acme/deal/1")
    ]


async def test_a_gap_ends_the_process_and_its_next_start_counts_the_log_as_it_is(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """A gap that shows while running may be a loss on the way; one that stands in the log is shown and lived with."""
    life = _life(KEYS[2])
    async with _views(kafka, topics) as (views, task):
        await _until(lambda body: body["complete"], views, task, "/status")
        await _send(kafka, topics.events, _written([life[0], life[2]]))
        with pytest.raises(RebuildError, match="acme/deal/2"):
            async with asyncio.timeout(120):
                await task
    async with _views(kafka, topics) as (views, task):
        body = await _until(lambda body: body["complete"], views, task, "/status")
        assert (body["gaps"], body["items"]) == (1, 1)


async def test_a_stall_long_after_the_first_fold_is_noticed(
    kafka: KafkaSettings, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records come, and Faust fetches nothing any more: the process is not alive, though it has been complete."""
    async with _views(kafka, topics, stuck_seconds=1) as (views, task):
        await _send(kafka, topics.events, _written(_life(KEYS[4])))
        await _until(lambda body: body["handled"] == len(_life(KEYS[4])), views, task, "/status")
        async with asyncio.timeout(120):
            while views.why_not_alive():  # noqa: ASYNC110 - a first fetch that took long shows until the next look
                await asyncio.sleep(0.1)
        cut_off = threading.Event()  # set in the thread of Faust's consumer, once its last fetch is through

        async def nothing(*_: Any, **__: Any) -> dict[Any, Any]:
            cut_off.set()
            await asyncio.sleep(0.1)
            return {}

        monkeypatch.setattr(_CommittedThread, "_fetch_records", nothing)
        assert await asyncio.to_thread(cut_off.wait, 60)
        await _send(kafka, topics.events, _written(_life(KEYS[5])))
        async with asyncio.timeout(120):
            while not views.why_not_alive():  # noqa: ASYNC110 - a probe has no event to wait for
                await asyncio.sleep(0.1)
        assert views.why_not_ready() == ""
