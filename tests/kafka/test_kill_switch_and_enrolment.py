"""Kill switches and enrolments on a real broker: the next decision knows them, and nothing has a second effect."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automation.definitions import models as m
from automation.definitions.validation import id_of
from automation.dry_run import dry_run
from automation.envelope import Key, Recorded
from automation.items import changes as c
from automation.items import events as e
from automation.items.evolve import evolve, initial
from automation.items.state import ItemState
from services.cli.definitions.plan import records, step
from services.cli.definitions.store import DefinitionStore, open_store
from services.deal_stream.bootstrap import build_stream, definitions
from services.edge import topic_check
from services.edge.clock import SystemClock
from services.edge.codec import Signer, item_changes, payment_changes
from services.edge.kafka import KafkaSettings
from services.edge.topics import Topics
from services.gateway.enrolments import Enrolment, Enrolments, EnrolmentWorker
from services.gateway.sending import KafkaOutbox
from services.gateway.store import open_store as open_database
from tests.bad_input_world import Bench
from tests.conftest import with_admin
from tests.core import spec

pytestmark = pytest.mark.kafka

SECRET = b"a secret of thirty-two characters"
NOTE = spec.rule("note", "add_item_comment", "invoice_sent", {"text": "For {{field:title}}"})
KEYS = [Key("acme", "deal", name) for name in ("a", "b", "c")]


class Place(NamedTuple):
    """A worker with its sender, and the way to save definitions."""

    bench: Bench
    store: DefinitionStore
    outbox: KafkaOutbox

    async def save(self, *made: m.Definition, deleted: bool = False) -> None:
        """Save definitions as the command line does."""
        view = self.store.view("acme")
        steps = [step(view, (spec.kind_of(one), id_of(one)), None if deleted else one) for one in made]
        await self.store.save(records("acme", steps, "sre", 1, uuid.uuid4().hex))

    async def tell(self, key: Key, change: Any) -> None:
        """Send a change that is decided with what was saved last."""
        frame = c.ChangeFrame(uuid.uuid4().hex, *key, 1, "manual", "user:ann", 0, "", "", 0, self.store.version, b"")
        await self.bench.send(key.text.encode(), item_changes(Signer([SECRET])).encode(frame, change))

    async def states(self) -> dict[str, ItemState]:
        """Return the state of each item, folded from the log."""
        found: dict[str, ItemState] = {}
        for one in await self.bench.events():
            name = one.envelope.item_id
            found[name] = evolve(found.get(name, initial()), one)
        return found


def happened(events: list[Recorded], kind: type) -> list[str]:
    """Return the items that have an event of a kind, sorted."""
    return sorted(one.envelope.item_id for one in events if isinstance(one.event, kind))


@pytest.fixture
def own(kafka: KafkaSettings) -> Iterator[Topics]:
    """Topics of its own for each test."""
    named = Topics(prefix=f"t{uuid.uuid4().hex[:8]}.", partitions=2)
    with_admin(kafka, lambda client: topic_check.apply(client, named.declared()))
    yield named
    with_admin(kafka, lambda client: client.delete_topics([topic.name for topic in named.declared()]))


@pytest.fixture
async def place(kafka: KafkaSettings, own: Topics) -> AsyncIterator[Place]:
    """A running worker that follows the definitions."""
    signer = Signer([SECRET])
    async with definitions(kafka, own) as followed, open_store(kafka, own, writing=True) as store:
        bench = await Bench(kafka, own, build_stream(own, [SECRET], followed, "test")).open()
        bench.start()
        yield Place(bench, store, KafkaOutbox(bench.sender, own, item_changes(signer), payment_changes(signer)))
        await bench.close()


async def test_a_kill_switch_stops_a_rule_in_mid_stream(place: Place) -> None:
    """The change behind the save knows it; lifted, the rule runs again."""
    await place.save(spec.pipeline(), *spec.PEOPLE, NOTE)
    await place.tell(KEYS[0], c.CreateItem({"title": "Desk"}, stage="invoice_sent"))
    await place.bench.until_events(3)
    await place.save(m.Stop(id="rule:note"))
    await place.tell(KEYS[1], c.CreateItem({"title": "Chair"}, stage="invoice_sent"))
    await place.bench.until_events(3 + 2)
    await place.save(m.Stop(id="rule:note"), deleted=True)
    await place.tell(KEYS[2], c.CreateItem({"title": "Lamp"}, stage="invoice_sent"))

    events = await place.bench.until_events(3 + 2 + 3)
    assert happened(events, e.CommentAdded) == ["a", "c"]
    (stopped,) = [one for one in events if isinstance(one.event, e.RuleRunCancelled)]
    assert (stopped.envelope.item_id, stopped.event.cause) == ("b", "rule_inactive")


async def test_an_enrolment_does_what_its_preview_said_and_twice_is_once(place: Place, tmp_path: Path) -> None:
    """Three items were there before the rule; one leaves in between; a second enrolment runs nothing."""
    await place.save(spec.pipeline(), *spec.PEOPLE)
    for key in KEYS:
        await place.tell(key, c.CreateItem({"title": key.item_id}, stage="invoice_sent"))
    await place.bench.until_events(3)
    await place.save(NOTE)
    preview = await _preview(place)
    await place.tell(KEYS[2], c.SaveItem({}, stage="won"))
    await place.bench.until_events(4)

    database = open_database(f"sqlite:///{tmp_path}/g.db")
    table = Enrolments(database, SystemClock())
    worker = EnrolmentWorker(table, place.outbox, SystemClock(), lambda: place.store.version)
    for number in (1, 2):
        made = Enrolment(f"e{number}", "acme", "note", 1, "deal", "berta", 10, 3, 0, "running", 0, 0)
        table.add(made, [key.item_id for key in KEYS])
        assert await worker.step()
    database.close()

    # Each of a and b: enrolled, comment, completed; c: not in the stage; the second time nothing for all three.
    events = await place.bench.until_events(4 + 2 * 3 + 1 + 3)
    comments = {one.envelope.item_id: one.event.text for one in events if isinstance(one.event, e.CommentAdded)}
    assert comments == {name: preview[name] for name in ("a", "b")}
    assert happened(events, e.RuleEnrolled) == ["a", "b"]
    reasons = sorted((one.envelope.item_id, one.event.reason) for one in events if isinstance(one.event, e.ChangeSeen))
    assert reasons == [("a", "already_run"), ("b", "already_run"), ("c", "not_in_stage"), ("c", "not_in_stage")]


async def _preview(place: Place) -> dict[str, Any]:
    """Return the comment that the rule would add to each item."""
    view = place.store.view("acme")
    rule = view.rule_version("note", 1)
    assert rule is not None
    found = {name: dry_run(view, state, rule, state.recorded_at) for name, state in (await place.states()).items()}
    return {name: tried.events[0].text for name, tried in found.items()}
