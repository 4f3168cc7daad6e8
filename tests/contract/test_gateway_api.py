"""The HTTP API as its callers see it: what is taken, what is refused and why, what is shown."""

from __future__ import annotations

import asyncio

import pytest

from automation.definitions.book import Book
from automation.items import changes as c
from automation.values import Personal
from services.gateway.doubles import MemoryShelf
from tests.gateway_world import CANARY, EUR_100, NOW, World, world

__all__ = ["world"]

CHANGES = "/v1/items/deal/7/changes"
LEAD = {"item_type": "lead", "item_id": "9"}
CREATE = {"kind": "create", "fields": {"title": "Desk", "amount": {"minor": 10_000, "currency": "EUR"}}}


async def test_a_change_is_taken_as_the_core_knows_it(world: World):
    """Money, personal texts and the frame arrive typed; the tenant is the key's."""
    fields = {**CREATE["fields"], "email_work": "a@b.test"}
    reply = await world.call("POST", CHANGES, {**CREATE, "fields": fields, "user": "ann", "stage": "assembly"})
    assert reply.status == 202
    (letter,) = world.outbox.letters
    assert letter.key.text == "acme/deal/7"
    assert letter.change == c.CreateItem(
        {"title": "Desk", "amount": EUR_100, "email_work": Personal("a@b.test")}, stage="assembly"
    )
    frame = letter.frame
    assert (frame.actor, frame.source, frame.occurred_at, frame.signature) == ("user:ann", "rest_api", NOW, b"")
    assert frame.definitions_version == world.shelf.book.version
    assert reply.json == {"change_id": frame.change_id, "status": "taken"}


async def test_every_kind_of_change_is_taken(world: World):
    """Saves, comments, activities and deletions go the same way as creations."""
    bodies = (
        {"kind": "save", "stage": "won", "observers": ["ann"], "rows": None, "link": [LEAD]},
        {"kind": "comment", "text": "hello"},
        {"kind": "activity", "activity_id": "a1", "activity": "call"},
    )  # fmt: skip
    for body in bodies:
        assert (await world.call("POST", CHANGES, body)).status == 202
    assert (await world.call("DELETE", "/v1/items/deal/7")).status == 202
    kinds = [type(letter.change) for letter in world.outbox.letters]
    assert kinds == [c.SaveItem, c.AddComment, c.RecordActivity, c.DeleteItem]


async def test_all_that_is_wrong_with_a_change_is_named_at_once(world: World):
    """Unknown fields, wrong types and unknown stages each have their path and rule."""
    fields = {"nope": 1, "amount": 5, "title": ["a"]}
    reply = await world.call("POST", CHANGES, {"kind": "create", "fields": fields, "stage": "moon"})
    assert (reply.status, reply.headers["content-type"]) == (422, "application/problem+json")
    assert sorted(reply.paths) == [
        ("fields.amount", "invalid_field"),
        ("fields.nope", "unknown_field"),
        ("fields.title", "invalid_field"),
        ("stage", "unknown_stage"),
    ]
    assert not world.outbox.letters


async def test_a_batch_answers_for_each_of_its_changes(world: World):
    """What is wrong with one does not hold back the others, and their order stays."""
    place = {"item_type": "deal", "item_id": "7"}
    good = [{**place, "change": CREATE}, {**place, "change": {"kind": "comment", "text": "x"}}]
    reply = await world.call("POST", "/v1/changes", {"changes": [good[0], {"item_type": "moon"}, good[1]]})
    assert reply.status == 207
    assert [found["status"] for found in reply.json["results"]] == [202, 422, 202]
    assert [type(letter.change) for letter in world.outbox.letters] == [c.CreateItem, c.AddComment]
    assert (await world.call("POST", "/v1/changes", {"changes": good})).status == 202


async def test_a_repeat_with_the_same_key_has_the_same_answer_and_no_effect(world: World):
    """The stored answer comes back; another body under the same key is refused."""
    headers = {"idempotency-key": "k1"}
    first = await world.call("POST", CHANGES, CREATE, headers=headers)
    again = await world.call("POST", CHANGES, CREATE, headers=headers)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(world.outbox.letters) == 1
    other = await world.call("POST", CHANGES, {**CREATE, "stage": "won"}, headers=headers)
    assert (other.status, other.code) == (422, "idempotency_key_reused")


async def test_keys_of_two_tenants_are_two_keys(world: World):
    """The same Idempotency-Key of another tenant is another change with another id."""
    headers = {"idempotency-key": "k1"}
    for tenant in ("acme", "other"):
        assert (await world.call("POST", CHANGES, CREATE, tenant, headers)).status == 202
    first, second = world.outbox.letters
    assert first.frame.change_id != second.frame.change_id


async def test_a_key_is_new_again_after_a_day(world: World):
    """The answer is forgotten; the change id stays, so the item still drops the repeat."""
    headers = {"idempotency-key": "k1"}
    await world.call("POST", CHANGES, CREATE, headers=headers)
    world.clock.move_to(NOW + 24 * 3_600_000 + 1)
    assert (await world.call("POST", CHANGES, {**CREATE, "stage": "won"}, headers=headers)).status == 202
    first, second = world.outbox.letters
    assert first.frame.change_id == second.frame.change_id


async def test_of_two_at_once_one_runs(world: World):
    """While the first request with a key is in flight, the second is told so."""
    gate, entered = asyncio.Event(), asyncio.Event()

    class Slow:
        async def send(self, letters):
            entered.set()
            await gate.wait()
            return await world.outbox.send(letters)

    slow = world.with_ports(outbox=Slow())
    headers = {"idempotency-key": "k1"}
    running = asyncio.create_task(slow.call("POST", CHANGES, CREATE, headers=headers))
    await entered.wait()
    second = await slow.call("POST", CHANGES, CREATE, headers=headers)
    gate.set()
    assert (second.status, second.code) == (409, "in_flight")
    assert (await running).status == 202
    assert len(world.outbox.letters) == 1


async def test_without_kafka_a_change_is_not_taken_and_may_be_repeated(world: World):
    """503 with Retry-After, and the key is free again: the repeat has the same change id."""
    headers = {"idempotency-key": "k1"}
    world.outbox.down = True
    reply = await world.call("POST", CHANGES, CREATE, headers=headers)
    assert (reply.status, reply.code, reply.headers["retry-after"]) == (503, "unavailable", "2")
    world.outbox.down = False
    assert (await world.call("POST", CHANGES, CREATE, headers=headers)).status == 202


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
async def test_an_idempotency_key_that_is_none_is_refused(world: World, key):
    """Empty, too long or unprintable keys are 400; an absent one is fine."""
    pairs = [(b"authorization", f"Bearer {world.keys['acme']}".encode()), (b"content-type", b"application/json")]
    raw = b'{"kind":"comment","text":"x"}'
    reply = await world.send("POST", CHANGES, [*pairs, (b"idempotency-key", key.encode())], raw)
    assert (reply.status, reply.code) == (400, "idempotency_key")


async def test_a_change_with_its_own_key_keeps_its_id(world: World):
    """`change_key` is the sender's name of the change: sent twice it has one id."""
    for _ in range(2):
        await world.call("POST", CHANGES, {**CREATE, "change_key": "row 7"})
    first, second = world.outbox.letters
    assert first.frame.change_id == second.frame.change_id


async def test_waiting_shows_what_a_change_led_to(world: World):
    """A change that history has is applied; one that it has not is pending."""
    place = "?item_type=deal&item_id=acme-1"
    known = (await world.call("GET", f"/v1/changes/change-acme-1-3{place}")).json
    assert (known["status"], known["version"]) == ("applied", 4)
    assert [found["type"] for found in known["events"]] == ["FieldsChanged", "StageMoved"]
    assert (await world.call("GET", f"/v1/changes/unknown{place}")).json["status"] == "pending"


async def test_an_item_is_shown_now_and_as_it_was(world: World):
    """Without a version the latest state; with one, or a moment, the state of then."""
    now = (await world.call("GET", "/v1/items/deal/acme-1")).json
    assert (now["stage"], now["version"], now["fields"]["email_work"]) == ("assembly", 4, "acme@home.test")
    assert now["fields"]["amount"] == {"minor": 10_000, "currency": "EUR"}
    for query in ("version=1", "as_of=1500"):
        assert (await world.call("GET", f"/v1/items/deal/acme-1?{query}")).json["stage"] == "new"
    assert (await world.call("GET", "/v1/items/deal/acme-1?as_of=1")).code == "not_yet"
    assert (await world.call("GET", "/v1/items/deal/acme-1?version=9")).code == "no_such_version"


async def test_timeline_journal_runs_and_events_are_shown(world: World):
    """Each tells its part of the item's history, newest first but for the events."""
    path = "/v1/items/deal/acme-1"
    timeline = (await world.call("GET", f"{path}/timeline?limit=2")).json
    assert [entry["kind"] for entry in timeline["entries"]] == ["stage_changed", "comment"]
    rest = (await world.call("GET", f"{path}/timeline?before={timeline['next']}")).json
    assert [entry["kind"] for entry in rest["entries"]] == ["created"]
    assert (await world.call("GET", f"{path}/journal")).json["entries"][0]["field"] == "comments"
    assert (await world.call("GET", f"{path}/runs")).json == {"runs": [], "firings": []}
    events = (await world.call("GET", f"{path}/events?limit=1")).json
    assert (events["events"][0]["type"], events["next"]) == ("ItemCreated", 1)


async def test_items_are_found_by_stage(world: World):
    """Search lists current rows; a page's `next` asks for the following one."""
    found = (await world.call("GET", "/v1/items?item_type=deal&stage=assembly")).json
    assert [row["item_id"] for row in found["items"]] == ["acme-1"]
    assert (await world.call("GET", "/v1/items?item_type=deal&stage=new")).json["items"] == []
    assert (await world.call("GET", "/v1/items?item_type=deal&before=5:item/other/x")).status == 422


async def test_notifications_are_listed_and_marked_as_read(world: World):
    """Marking is of one employee of one tenant, and counts what was unread."""
    listed = (await world.call("GET", "/v1/notifications?user=ann")).json
    assert (listed["unread"], listed["notifications"][0]["text"]) == (1, CANARY["acme"])
    marks = {"user": "ann", "ids": ["n1", "n9"]}
    assert (await world.call("POST", "/v1/notifications/read", marks)).json == {"marked": 1}
    assert (await world.call("GET", "/v1/notifications?user=ann&unread=true")).json["notifications"] == []
    assert (await world.call("GET", "/v1/notifications?user=ann", key="other")).json["unread"] == 1


async def test_catalogue_and_messages_and_views_are_shown(world: World):
    """Entries come with the schema of their parameters; views come from their service."""
    entries = {entry["id"]: entry for entry in (await world.call("GET", "/v1/catalogue")).json["entries"]}
    of_deals = (await world.call("GET", "/v1/catalogue?kind=trigger&item_type=deal")).json
    assert {
        "kind": "trigger",
        "id": "payment",
        "entries": ["track_invoice_payment", "track_order_payment"],
    } in of_deals["groups"]
    assert {entry["kind"] for entry in of_deals["entries"]} == {"trigger"}
    assert (await world.call("GET", "/v1/catalogue/edit_item")).json == entries["edit_item"]
    assert (await world.call("GET", "/v1/catalogue/nothing")).code == "unknown_entry"
    assert "text" in entries["add_notification"]["parameters"]["properties"]
    assert (await world.call("GET", "/v1/messages")).json["messages"][0]["subject"] == CANARY["acme"]
    assert (await world.call("GET", "/v1/views/stages")).json == {"rows": [CANARY["acme"]]}


async def test_definitions_are_saved_together(world: World):
    """What changed gets the next version; what stays as it is, is left out."""
    read = (await world.call("GET", "/v1/definitions?kind=user&id=ann")).json["definitions"][0]
    body = {**read["body"], "name": "Ann Other"}
    rates = {"kind": "rates", "id": "rates", "body": {"base": "EUR", "rates": {"USD": "0.9"}}}
    same = {"kind": "pipeline", "id": "main", "body": await _pipeline(world)}
    saves = {"definitions": [{"kind": "user", "id": "ann", "expected": 1, "body": body}, rates, same]}
    saved = await world.call("PUT", "/v1/definitions", saves)
    assert (saved.status, [found["version"] for found in saved.json["saved"]]) == (200, [2, 1])
    assert len({record.apply_id for record in world.shelf.records}) == 1
    assert [record.last_of_apply for record in world.shelf.records] == [False, True]


async def _pipeline(world: World):
    return (await world.call("GET", "/v1/definitions?kind=pipeline")).json["definitions"][0]["body"]


async def test_an_overtaken_save_is_refused(world: World):
    """The version that a save expects has to be the current one; nothing is written otherwise."""
    save = {"kind": "role", "id": "r", "expected": 3, "body": {"id": "r", "members": []}}
    reply = await world.call("PUT", "/v1/definitions", {"definitions": [save]})
    assert (reply.status, reply.paths) == (409, [("definitions[0].expected", "overtaken")])
    assert not world.shelf.records


async def test_a_save_that_lost_a_race_is_told_so(world: World):
    """Another editor wrote between check and append: what is in force decides, not what was sent."""
    write = world.shelf.append

    async def second(records):
        await write([records[0].__class__(**{**_parts(records[0]), "body": '{"id":"r","members":["ann"]}'})])
        return await write(records)

    world.shelf.append = second  # type: ignore[method-assign]
    save = {"kind": "role", "id": "r", "body": {"id": "r", "members": []}}
    reply = await world.call("PUT", "/v1/definitions", {"definitions": [save]})
    assert (reply.status, reply.code) == (409, "overtaken")


def _parts(record):
    return {name: getattr(record, name) for name in record.__slots__}


async def test_every_wrong_definition_is_named_at_once(world: World):
    """Unknown kinds, wrong bodies, unknown stages and rules of no type each have their path."""
    place = {"item_type": "deal", "pipeline": "main", "params": {}}
    saves = [
        {"kind": "moon", "id": "x", "body": {}},
        {"kind": "user", "id": "u", "body": {"id": "u", "name": 5, "extra": 1}},
        {"kind": "rule", "id": "r", "body": {**place, "id": "r", "type": "no_such", "stage": "mars"}},
        {"kind": "role", "id": "a", "body": {"id": "b", "members": []}},
        {"kind": "role", "id": "gone", "delete": True},
    ]
    reply = await world.call("PUT", "/v1/definitions", {"definitions": saves})
    assert reply.status == 422
    assert {path for path, _ in reply.paths} >= {
        "definitions[0].kind", "definitions[1].body.name", "definitions[1].body.extra", "definitions[2].body.type",
        "definitions[2].body.stage", "definitions[3].id", "definitions[4]",
    }  # fmt: skip
    assert not world.shelf.records


class _ShelfBehind(MemoryShelf):
    """A shelf that has not read what was saved elsewhere until it catches up."""

    def __init__(self, behind: Book, saved: Book) -> None:
        super().__init__(behind)
        self._saved = saved

    async def catch_up(self) -> None:
        self.book = self._saved


@pytest.mark.parametrize("path", ["/v1/items/deal/9/changes", "/v1/changes"])
async def test_a_change_that_needs_what_was_just_defined_is_taken(world: World, path: str):
    """Before it refuses what is unknown, the gateway reads the definitions that were saved elsewhere."""
    late = world.with_ports(shelf=_ShelfBehind(Book(world.ports.catalogue), world.shelf.book))
    batch = {"changes": [{"item_type": "deal", "item_id": "9", "change": CREATE}]}
    assert (await late.call("POST", path, CREATE if "items" in path else batch)).status == 202
    (letter,) = world.outbox.letters
    assert letter.frame.definitions_version == world.shelf.book.version


async def test_whoever_opens_the_address_in_a_browser_is_told_what_it_is(world: World):
    """The page at the root needs no key, runs nothing, lists the operations, and repeats no markup of a host name."""
    page = await world.call("GET", "/", key=None, headers={"host": "<script>alert(1)</script>"})
    text = page.body.decode()
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "/v1/items/{item_type}/{item_id}/changes" in text.replace("<wbr>", "")
    assert "<script" not in text
