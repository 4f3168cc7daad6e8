"""Records on a real broker: a rule makes a chat and writes into it, across workers, restores and repeats."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from automation.envelope import Key
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAsked
from automation.records.types.chat import events as chats
from automation.records.types.chat.changes import PostChatMessage
from automation.values import Personal
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge import topic_check
from services.edge.codec import Signer, item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics
from tests.bad_input_world import Bench, Forge
from tests.conftest import with_admin
from tests.core import spec
from tests.processor_world import eventually

pytestmark = pytest.mark.kafka

PARTITIONS = 2
CHANGES = item_changes(Signer([b"a secret of thirty-two characters"]))
MEMBERS = ["user:ann", "user:boss"]


@pytest.fixture
def own(kafka: KafkaSettings) -> Iterator[Topics]:
    """Topics of its own for each test."""
    named = Topics(prefix=f"t{uuid.uuid4().hex[:8]}.", partitions=PARTITIONS)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    yield named
    with_admin(kafka, lambda client: client.delete_topics([topic.name for topic in named.declared()]))


@pytest.fixture
async def bench(kafka: KafkaSettings, own: Topics) -> AsyncIterator[Bench]:
    """A bench with the stream of items, whose rules make a chat for a won deal and write into it."""
    make = spec.rule("make", "create_group_chat", "won", {"name": "{{field:title}}", "members": MEMBERS}, order=1)
    text = {"chat": "{{result:make.chat_id}}", "text": "Won!"}
    book = spec.book_of(
        spec.pipeline(), *spec.PEOPLE, make, spec.rule("say", "send_group_chat_message", "won", text, order=2),
        spec.rule("lost", "send_group_chat_message", "lost", {**text, "chat": "nobody-made-it"}),
    )  # fmt: skip
    copies = Copies(own, item_events(), CHANGES, payment_changes())
    made = Bench(kafka, own, DealStream(own, CHANGES, item_events(), copies, FixedDefinitions(book), "test"))
    yield await made.open()
    await made.close()


async def tell(bench: Bench, key: Key, change: Any, **frame: Any) -> bytes:
    """Send a change and return its bytes."""
    value = CHANGES.encode(Forge(key, CHANGES, CHANGES).frame(**{"change_id": uuid.uuid4().hex, **frame}), change)
    await bench.send(key.text.encode(), value)
    return value


def kinds(log: list[Any], key: Key) -> list[str]:
    """Return the names of a stream's events, whose versions have no gap and no repeat."""
    own = [recorded for recorded in log if recorded.envelope.key == key]
    assert [recorded.envelope.version for recorded in own] == list(range(1, len(own) + 1))
    return [type(recorded.event).__name__ for recorded in own]


async def test_a_chat_outlives_its_worker_and_answers_each_request_once(bench: Bench) -> None:
    """Made by one worker, restored by another from snapshots; repeats of every request change nothing."""
    bench.start(snapshot_every=1)
    await tell(bench, spec.DEAL, c.CreateItem({"title": "Desk"}, responsible="ann"))
    await tell(bench, spec.DEAL, c.SaveItem({}, stage="won"))
    log = await bench.until_events(14)
    asked = [recorded.event for recorded in log if isinstance(recorded.event, ItemAsked)]
    chat = Key.parse(asked[0].target)
    whole = ["ChatCreated", "ItemAnswered", "ChatMessagePosted", "ItemAnswered"]
    assert kinds(log, chat) == whole
    assert [type(r.event).__name__ for r in log if isinstance(r.event, e.RuleRunCompleted)] == ["RuleRunCompleted"] * 2

    await bench.stop()
    inbox = await bench.records(bench.stream.inbox)
    bench.start()
    for record in inbox:
        await bench.send(record.key, record.value)
    await tell(bench, chat, PostChatMessage(Personal("Well done")), actor="user:boss")
    log = await bench.until_events(15)

    assert kinds(log, chat) == [*whole, "ChatMessagePosted"]
    texts = [r.event.text.text for r in log if isinstance(r.event, chats.ChatMessagePosted)]
    assert texts == ["Won!", "Well done"]
    assert await bench.letters() == []


async def test_a_chat_that_nobody_made_fails_the_rule_and_stays_unknown(bench: Bench) -> None:
    """The answer is no event of the chat; what a stranger writes is a dead letter with its reason."""
    bench.start()
    await tell(bench, spec.DEAL, c.CreateItem({"title": "Desk"}, stage="lost", responsible="ann"))
    log = await bench.until_events(5)
    (failed,) = (recorded.event for recorded in log if isinstance(recorded.event, e.RuleRunFailed))
    assert failed.reason == "chat_not_found"
    assert kinds(log, Key("acme", "chat", "nobody-made-it")) == []

    await tell(bench, Key("acme", "chat", "nobody-made-it"), PostChatMessage(Personal("hi")), actor="user:boss")
    await tell(bench, spec.DEAL, PostChatMessage(Personal("hi")), actor="user:boss")
    await tell(bench, spec.DEAL, c.AddComment(Personal("on")))

    async def commented() -> bool:
        return any(isinstance(recorded.event, e.CommentAdded) for recorded in await bench.events())

    await eventually(commented)
    assert sorted(letter.fault.reason for letter in await bench.letters()) == ["unknown_change", "unknown_item"]
