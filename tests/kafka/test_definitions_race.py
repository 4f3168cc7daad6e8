"""Who saves definitions at the same time as others, through the API and the command line, on a real broker."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import TenantView
from services.cli.definitions.store import ConflictError, open_store
from services.deal_stream.bootstrap import catalogue
from services.edge import topic_check
from services.edge.codec import DefinitionCodec
from services.edge.definitions_view import followed
from services.edge.kafka import KafkaSettings, producer
from services.edge.topics import Topics
from services.gateway.ports import Append
from services.gateway.shelf import KafkaShelf
from tests.conftest import PARTITIONS, with_admin
from tests.core import spec

pytestmark = pytest.mark.kafka

NOTE = spec.rule("note", "add_item_comment", "new", {"text": "hi"})


@pytest.fixture
def topics(kafka: KafkaSettings) -> Topics:
    """Definitions of its own for each test."""
    named = Topics(prefix=f"r{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    needed = [topic for topic in named.declared() if topic.name in (named.definitions, named.definitions_view)]
    with_admin(kafka, lambda client: topic_check.apply(client, needed))
    return named


@pytest.fixture(autouse=True)
def _patient_editors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors have time: a broker's first transaction on a busy machine may take long."""
    monkeypatch.setattr("services.gateway.shelf.SAVE_SECONDS", 120.0)


@asynccontextmanager
async def _gateway(kafka: KafkaSettings, topics: Topics) -> AsyncIterator[KafkaShelf]:
    """The part of a gateway that saves."""
    async with followed(kafka, topics, catalogue()) as follower:
        make = lambda: producer(kafka, transactional_id=topics.definitions_writer)  # noqa: E731
        yield KafkaShelf(follower, DefinitionCodec(), topics.definitions, make)


def _saved(view: TenantView, made: Any, *, delete: bool = False) -> DefinitionSaved:
    kind = spec.kind_of(made)
    old = view.versions.get((kind, made.id), 0)
    body = "" if delete else made.model_dump_json()
    return DefinitionSaved(spec.TENANT, kind, made.id, old + 1, old, "ann", 0, uuid.uuid4().hex, True, delete, body)


def _view(shelf: KafkaShelf) -> TenantView:
    return shelf.book.tenant(spec.TENANT) or TenantView(spec.TENANT, catalogue())


async def _save(shelf: KafkaShelf, made: Any, *, delete: bool = False) -> None:
    async def work(append: Append) -> None:
        await append([_saved(_view(shelf), made, delete=delete)])

    await shelf.edit(work)


async def test_an_apply_that_others_overtook_is_not_in_force_even_where_they_saved_something_else(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """The command line checked its rule against a pipeline that the API deletes meanwhile: no version tells."""
    async with _gateway(kafka, topics) as shelf:
        await _save(shelf, spec.pipeline())
        async with open_store(kafka, topics, writing=True) as store:
            assert store.view(spec.TENANT).pipelines
            await _save(shelf, spec.pipeline(), delete=True)
            with pytest.raises(ConflictError):
                await store.save([_saved(store.view(spec.TENANT), NOTE)])
        await shelf.catch_up()

        assert not _view(shelf).pipelines
        assert ("rule", "note") not in _view(shelf).current


async def test_an_edit_of_the_api_begins_again_where_an_apply_came_between(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """What it saves in the end was checked against what the apply left."""
    seen = []

    async with _gateway(kafka, topics) as shelf:
        await _save(shelf, spec.pipeline())

        async def work(append: Append) -> None:
            seen.append(("rule", "note") in _view(shelf).current)
            if len(seen) == 1:
                async with open_store(kafka, topics, writing=True) as store:
                    await store.save([_saved(store.view(spec.TENANT), NOTE)])
            await append([_saved(_view(shelf), spec.PEOPLE[1])])

        await shelf.edit(work)

        assert seen == [False, True]
        assert {("rule", "note"), ("user", "boss")} <= _view(shelf).current.keys()


async def test_two_gateways_lose_nothing_that_they_confirmed(kafka: KafkaSettings, topics: Topics) -> None:
    """Many edits at once: each is in force, was refused as overtaken, or is not certain after its time ran out."""
    async with _gateway(kafka, topics) as one, _gateway(kafka, topics) as two:
        users = [spec.PEOPLE[1].model_copy(update={"id": f"u{number}"}) for number in range(8)]
        saves = (_save(one if number % 2 else two, user) for number, user in enumerate(users))
        ended = await asyncio.gather(*saves, return_exceptions=True)
        await one.catch_up()

        fates = {user.id: 200 if error is None else error.status for user, error in zip(users, ended, strict=True)}
        found = {name for _, name in _view(one).current}
        assert found
        assert set(fates.values()) <= {200, 409, 503}
        assert {name for name, fate in fates.items() if fate == 200} <= found
        assert not {name for name, fate in fates.items() if fate == 409} & found


async def test_an_apply_whose_records_cannot_be_read_at_once_is_in_force_all_the_same(
    kafka: KafkaSettings, topics: Topics
) -> None:
    """A transaction that began earlier and is not over hides them, as does the moment between commit and its mark."""
    other = producer(kafka, transactional_id=f"{topics.prefix}other")
    await other.start()
    try:
        async with open_store(kafka, topics, writing=True) as store:
            await other.begin_transaction()
            await other.send_and_wait(topics.definitions, b"never committed")
            saving = asyncio.ensure_future(store.save([_saved(store.view(spec.TENANT), spec.pipeline())]))
            await asyncio.wait([saving], timeout=1.0)
            assert not saving.done()
            await other.abort_transaction()

            assert await saving == store.version
            assert store.view(spec.TENANT).pipelines
    finally:
        await other.stop()
