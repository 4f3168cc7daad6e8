"""Time on a real broker: a wait that follows a date, and a reminder that becomes a notification."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from automation.definitions import models as m
from automation.definitions.time_models import FieldDelay
from automation.envelope import Key
from automation.items import activity_events as a
from automation.items import changes as c
from automation.items import events as e
from services.deal_stream.copies import Copies
from services.deal_stream.stream import DealStream
from services.edge import topic_check
from services.edge.codec import Signer, item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.kafka import KafkaSettings
from services.edge.sql import open_database
from services.edge.topics import Topics
from services.notifier.bootstrap import Deployment, notifier
from services.notifier.inbox import Inbox
from services.notifier.settings import NotifierSettings, SigningSettings
from services.notifier.tables import ALL
from tests.bad_input_world import Bench, Forge
from tests.conftest import with_admin
from tests.core import spec
from tests.processor_world import eventually

pytestmark = pytest.mark.kafka

SECRET = "a secret of thirty-two characters"
CHANGES = item_changes(Signer([SECRET.encode()]))
VISIT = m.Fields(item_type="deal", fields=(m.FieldDef(code="visit", title="Visit", type="datetime"),))
CALL = {"subject": "Ring", "start": "{{field:visit}}", "remind_in": 0}


@pytest.fixture
def own(kafka: KafkaSettings) -> Iterator[Topics]:
    """Topics of its own for each test."""
    named = Topics(prefix=f"t{uuid.uuid4().hex[:8]}.", partitions=2)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    yield named
    with_admin(kafka, lambda client: client.delete_topics([topic.name for topic in named.declared()]))


@pytest.fixture
async def bench(kafka: KafkaSettings, own: Topics) -> AsyncIterator[Bench]:
    """A bench with the stream of items: a comment a second before the visit, and a call with a reminder."""
    note = spec.rule(
        "note", "add_item_comment", "assembly", {"text": "soon"}, delay=FieldDelay(field="visit", before=1_000)
    )
    book = spec.book_of(
        spec.pipeline(), *spec.PEOPLE, VISIT, note, spec.rule("call", "schedule_client_call", "won", CALL)
    )
    copies = Copies(own, item_events(), CHANGES, payment_changes())
    made = Bench(kafka, own, DealStream(own, CHANGES, item_events(), copies, FixedDefinitions(book), "test"))
    yield await made.open()
    await made.close()


def now() -> int:
    """Return the time in milliseconds."""
    return int(time.time() * 1000)


async def tell(bench: Bench, key: Key, change: Any) -> None:
    """Send a change."""
    frame = Forge(key, CHANGES, CHANGES).frame(change_id=uuid.uuid4().hex)
    await bench.send(key.text.encode(), CHANGES.encode(frame, change))


def of(log: list[Any], kind: type) -> list[Any]:
    """Return the records of one type of event."""
    return [recorded for recorded in log if isinstance(recorded.event, kind)]


async def test_a_wait_fires_once_at_the_moment_to_which_its_date_was_moved(bench: Bench) -> None:
    """Not at the old moment, and with the new one as its time; a worker that starts in between changes nothing."""
    await bench.start(snapshot_every=1).ready()
    old, new = now() + 8_000, now() + 11_000
    await tell(bench, spec.DEAL, c.CreateItem({"title": "Desk", "visit": old}, stage="assembly", responsible="ann"))
    await tell(bench, spec.DEAL, c.SaveItem({"visit": new}))
    await bench.until_events(4)
    await bench.stop()
    bench.start()
    await bench.until_events(6)
    await tell(bench, spec.DEAL, c.SaveItem({"title": "later"}))  # what is due fires before it
    log = await bench.until_events(7)

    assert [type(recorded.event).__name__ for recorded in log] == [
        "ItemCreated", "RuleRunDelayed", "FieldsChanged", "RuleRunRescheduled", "CommentAdded", "RuleRunCompleted",
        "FieldsChanged",
    ]  # fmt: skip
    (delayed,), (moved,), (comment,) = (of(log, k) for k in (e.RuleRunDelayed, e.RuleRunRescheduled, e.CommentAdded))
    assert (delayed.event.due, moved.event.due) == (old - 1_000, new - 1_000)
    assert comment.envelope.recorded_at == new - 1_000
    assert await bench.letters() == []


async def test_a_reminder_reaches_the_inbox_of_the_responsible(
    bench: Bench, kafka: KafkaSettings, own: Topics, tmp_path: Path
) -> None:
    """From the timer of the item over `crm.effects` and the notifier, whose outcome is noted on the item."""
    url = f"sqlite:///{tmp_path}/n.db"
    database = open_database(url)
    database.create(ALL)
    settings = NotifierSettings(database_url=SecretStr(url), instance_id="n-0", poll_seconds=0.05)
    signing = SigningSettings(signing_secrets=SecretStr(SECRET))
    await bench.start().ready()
    async with notifier(Deployment(settings, kafka, own, signing), CollectorRegistry()) as service:
        running = asyncio.create_task(service.run())
        start = now() + 8_000
        await tell(bench, spec.DEAL, c.CreateItem({"title": "Desk", "visit": start}, stage="won", responsible="ann"))
        inbox = Inbox(database)
        await eventually(lambda: bool(inbox.list("acme", "ann")))
        log = await bench.until_events(6)
        service.stop()
        await asyncio.wait_for(running, 60)
    (told,) = inbox.list("acme", "ann")
    database.close()

    assert told.text.startswith("Reminder. Call: Ring, ")
    assert (told.sender, told.link, told.item_key) == ("system", "/items/acme/deal/1", "acme/deal/1")
    (reminded,) = of(log, a.ActivityReminded)
    assert reminded.envelope.recorded_at == start
    assert told.created_at >= start
    assert of(log, e.EffectAnswered)[0].event.status == "completed"
