"""`crm.definitions-view` on a real broker: what is in force, with its offsets, whoever wrote it and however often."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from automation import rules, triggers
from automation.catalogue import load
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from services.edge import topic_check
from services.edge.codec import DefinitionCodec
from services.edge.definitions import DefinitionsFollower, KafkaDefinitionsReader
from services.edge.definitions_view import followed
from services.edge.kafka import KafkaSettings, consumer, producer
from services.edge.topics import Topics
from services.history.definitions_view import DefinitionsView, InForce, key_of
from tests.conftest import PARTITIONS, with_admin

pytestmark = pytest.mark.kafka

CODEC = DefinitionCodec()


def _saved(name: str, version: int, replaces: int, apply_id: str, *, last: bool = True, kind: str = "user") -> Any:
    body = f'{{"id": "{name}", "name": "{name} {apply_id}"}}' if kind == "user" else "{}"
    return DefinitionSaved("acme", kind, name, version, replaces, "ann", 0, apply_id, last, kind == "rule", body)


STORY = [
    _saved("ann", 1, 0, "a1"),
    _saved("bob", 1, 0, "a2", last=False),
    _saved("ann", 2, 1, "a2"),
    _saved("ann", 2, 1, "a3", last=False),  # overtaken: the whole apply has no effect
    _saved("eve", 1, 0, "a3"),
    _saved("r1", 1, 0, "a4", kind="rule"),
    _saved("r1", 2, 1, "a5", kind="rule"),
    _saved("ann", 3, 2, "a6"),
]


@pytest.fixture
def topics(kafka: KafkaSettings) -> Topics:
    """Definitions of its own for each test."""
    named = Topics(prefix=f"d{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    needed = [topic for topic in named.declared() if topic.name in (named.definitions, named.definitions_view)]
    with_admin(kafka, lambda client: topic_check.apply(client, needed))
    return named


async def _append(
    kafka: KafkaSettings, topics: Topics, story: Sequence[DefinitionSaved], *, commit: bool = True
) -> None:
    to = producer(kafka, transactional_id=f"w-{topics.prefix}", compression=None)
    await to.start()
    await to.begin_transaction()
    for one in story:
        await to.send_and_wait(topics.definitions, CODEC.encode(one), key_of(one), partition=0)
    await (to.commit_transaction() if commit else to.abort_transaction())
    await to.stop()


async def _view(kafka: KafkaSettings, topics: Topics) -> list[tuple[str, int, str]]:
    """Return key, offset and apply of each record of the view."""
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    reader.subscribe([topics.definitions_view])
    found = [one for batch in (await reader.getmany(timeout_ms=3_000)).values() for one in batch]
    await reader.stop()
    return [(r.key.decode(), int(dict(r.headers)["offset"]), CODEC.decode(r.value).apply_id) for r in found]


@asynccontextmanager
async def _writing(kafka: KafkaSettings, topics: Topics, *, cancel: bool = False) -> AsyncIterator[None]:
    view = DefinitionsView(kafka, topics, f"{topics.prefix}history")
    task = asyncio.create_task(view.run())
    try:
        yield
    finally:
        view.stop()
        if cancel:
            task.cancel()
        await asyncio.gather(task, return_exceptions=cancel)


async def _until(kafka: KafkaSettings, topics: Topics, count: int) -> list[tuple[str, int, str]]:
    async with asyncio.timeout(120):
        while len(found := await _view(kafka, topics)) < count:
            pass
    return found


async def test_the_view_holds_what_is_in_force_once_over_restarts(kafka: KafkaSettings, topics: Topics) -> None:
    """Overtaken applies and aborted saves are not in it; whoever goes on later writes nothing a second time."""
    await _append(kafka, topics, STORY[:5])
    await _append(kafka, topics, [_saved("zoe", 1, 0, "z")], commit=False)
    async with _writing(kafka, topics, cancel=True):
        assert await _until(kafka, topics, 3) == [
            ("acme/user/ann", 0, "a1"),
            ("acme/user/bob", 1, "a2"),
            ("acme/user/ann", 2, "a2"),
        ]
    await _append(kafka, topics, STORY[5:])
    for _ in range(2):
        async with _writing(kafka, topics):
            found = await _until(kafka, topics, 6)
    assert [(key, apply_id) for key, _, apply_id in found[3:]] == [
        ("acme/rule/r1/1", "a4"),
        ("acme/rule/r1/2", "a5"),
        ("acme/user/ann", "a6"),
    ]
    assert len(found) == 6
    offsets = [offset for _, offset, _ in found]
    assert offsets == sorted(set(offsets))


async def _books(kafka: KafkaSettings, topics: Topics) -> tuple[Book, Book, int]:
    """Return the book that starts from the view, the one of a full read, and the version that the first began with."""
    catalogue = load(rules, triggers)
    async with followed(kafka, topics, catalogue) as quick:
        begun = quick.book.version
        await quick.catch_up(None)
    full, part = Book(catalogue), TopicPartition(topics.definitions, 0)
    reader = consumer(kafka, None, offset_reset="earliest")
    await reader.start()
    await reader._client._wait_on_metadata(topics.definitions)
    reader.assign([part])
    await DefinitionsFollower(full, CODEC, KafkaDefinitionsReader(reader, part)).catch_up(None)
    await reader.stop()
    return quick.book, full, begun


def _versions(book: Book) -> Any:
    view = book.tenant("acme")
    return book.version, view and (view.versions, view.current)


async def test_a_service_starts_from_the_view_and_reads_the_rest(kafka: KafkaSettings, topics: Topics) -> None:
    """What was saved after the view was written is read from the log, and the whole is a full read."""
    await _append(kafka, topics, STORY[:5])
    async with _writing(kafka, topics):
        await _until(kafka, topics, 3)
    await _append(kafka, topics, STORY[5:])

    quick, full, begun = await _books(kafka, topics)

    assert begun == 3
    assert _versions(quick) == _versions(full)


async def test_a_view_of_a_topic_made_anew_is_not_used(kafka: KafkaSettings, topics: Topics) -> None:
    """Definitions deleted and made again: the view is as it was, and counts for nothing until it is written over."""
    await _append(kafka, topics, STORY[:5])
    async with _writing(kafka, topics):
        await _until(kafka, topics, 3)
    await _make_anew(kafka, topics)
    await _append(kafka, topics, [_saved("kim", 1, 0, "k1")])

    quick, full, begun = await _books(kafka, topics)
    async with _writing(kafka, topics):
        await _until(kafka, topics, 4)
    after, _, begun_after = await _books(kafka, topics)

    assert (begun, begun_after) == (0, 1)
    assert _versions(quick) == _versions(full) == _versions(after)
    assert set(quick.tenant("acme").versions) == {("user", "kim")}


async def _make_anew(kafka: KafkaSettings, topics: Topics) -> None:
    needed = [topic for topic in topics.declared() if topic.name == topics.definitions]
    await asyncio.to_thread(with_admin, kafka, lambda client: client.delete_topics([topics.definitions]))
    async with asyncio.timeout(60):
        while await asyncio.to_thread(with_admin, kafka, lambda client: _exists(client, topics.definitions)):
            pass
    await asyncio.to_thread(with_admin, kafka, lambda client: topic_check.apply(client, needed))


async def _exists(client: Any, topic: str) -> bool:
    return topic in await client.list_topics()


def test_what_counts_is_what_counts_for_the_engine() -> None:
    """The versions of the view are those of the book after each record."""
    force, book = InForce(), Book(load(rules, triggers))
    latest: dict[tuple[str, str], int] = {}
    for offset, saved in enumerate(STORY):
        for copied in force.take(saved, CODEC.encode(saved), offset):
            one = CODEC.decode(copied.value)
            latest[one.kind, one.id] = one.version
        book.apply(saved, offset)
        view = book.tenant("acme")
        assert latest == (view.versions if view else {})
