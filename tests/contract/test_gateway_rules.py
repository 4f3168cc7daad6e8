"""Versions, kill switches, dry runs and enrolments over the API."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.saved import DefinitionSaved
from automation.definitions.tenant_view import EVERYWHERE
from automation.items.changes import EnrolItem
from services.gateway.enrolments import SLICE_MS, EnrolmentWorker
from tests.gateway_world import CANARY, NOW, World, world

__all__ = ["world"]

NOTE = {
    "id": "note", "type": "add_item_comment", "item_type": "deal", "pipeline": "main", "stage": "assembly",
    "params": {"text": "For {{field:title}} <{{field:email_work}}>"},
}  # fmt: skip
ITEM = {"item": {"item_type": "deal", "item_id": "acme-1"}}
ENROL = "/v1/rules/note/enrolments"


async def save(world: World, body: dict[str, Any], kind: str = "rule", **more: Any) -> Any:
    """Save one definition and return what came back."""
    one = {"kind": kind, "id": body["id"], "body": body, **more}
    reply = await world.call("PUT", "/v1/definitions", {"definitions": [one]})
    assert reply.status == 200, reply.json
    return reply.json


def worker(world: World) -> EnrolmentWorker:
    """Return the worker of this gateway."""
    return EnrolmentWorker(world.ports.enrolments, world.outbox, world.clock, lambda: world.shelf.book.version)


async def test_a_draft_is_saved_listed_and_activated(world: World):
    """Its version is the one in force from then on, and every version stays."""
    await save(world, {**NOTE, "status": "draft"})
    listed = (await world.call("GET", "/v1/definitions?kind=rule")).json
    assert ([one["id"] for one in listed["drafts"]], listed["definitions"]) == (["note"], [])

    reply = await world.call("POST", "/v1/definitions/rule/note/activate", {"author": "ann"})
    assert (reply.status, reply.json["saved"]) == (200, [{"kind": "rule", "id": "note", "version": 2}])
    assert (await world.call("POST", "/v1/definitions/rule/note/archive", {})).status == 200
    assert (await world.call("POST", "/v1/definitions/rule/note/activate", {"version": 2})).status == 200
    found = (await world.call("GET", "/v1/definitions/rule/note/versions")).json["versions"]
    shown = [(one["version"], one["status"], one["author"], one["in_force"]) for one in found]
    assert shown == [
        (4, "active", "acme", True), (3, "archived", "acme", False), (2, "active", "ann", False),
        (1, "draft", "acme", False),
    ]  # fmt: skip


async def test_what_there_is_not_cannot_be_activated(world: World):
    """Neither a rule nor a version; and kinds without a life cycle have none."""
    await save(world, NOTE)
    assert (await world.call("POST", "/v1/definitions/rule/nothing/activate", {})).status == 404
    assert (await world.call("POST", "/v1/definitions/rule/note/activate", {"version": 9})).status == 404
    assert (await world.call("POST", "/v1/definitions/pipeline/main/archive", {})).status == 422


async def test_faults_have_json_pointers(world: World):
    """Path for people, pointer for programs; every error at once."""
    bad = {**NOTE, "stage": "moon", "condition": {"all": [{"field": "moon", "op": "empty"}]}, "params": {"text": ""}}
    body = {"definitions": [{"kind": "rule", "id": "note", "body": bad}]}
    reply = await world.call("PUT", "/v1/definitions", body)
    assert {one["pointer"] for one in reply.json["errors"]} == {
        "/definitions/0/body/stage", "/definitions/0/body/condition/all/0/field", "/definitions/0/body/params/text",
    }  # fmt: skip


async def test_rules_are_copied_to_another_pipeline_or_not_at_all(world: World):
    """Stages that do not fit are all told."""
    await save(world, NOTE)
    stages = [{"id": "a", "title": "Anything"}]
    await save(world, {"id": "side", "item_type": "deal", "title": "Side", "stages": stages}, "pipeline")
    body = {"item_type": "deal", "pipeline": "main", "to_item_type": "deal", "to_pipeline": "side"}
    refused = await world.call("POST", "/v1/definitions/copy", body)
    assert (refused.status, refused.paths) == (422, [("rule/note stage", "unmapped_stage")])

    copied = await world.call("POST", "/v1/definitions/copy", {**body, "stages": {"assembly": "a"}})
    assert [one["id"] for one in copied.json["saved"]] == ["side-note"]
    drafts = (await world.call("GET", "/v1/definitions?id=side-note")).json["drafts"]
    assert drafts[0]["body"]["stage"] == "a"


async def test_a_kill_switch_is_a_definition(world: World):
    """It is seen beside what it stops; one for every tenant is not within an API key's reach."""
    await save(world, NOTE)
    await save(world, {"id": "rule:note", "reason": "sends nonsense"}, "stop")
    found = (await world.call("GET", "/v1/definitions/rule/note/versions")).json
    assert found["stopped_by"] == "stop/rule:note"

    one = {"kind": "stop", "id": "rule:note", "delete": True}
    assert (await world.call("PUT", "/v1/definitions", {"definitions": [one]})).status == 200
    record = DefinitionSaved(EVERYWHERE, "stop", "automation", 1, 0, "sre", 1, "x", True, False, '{"id": "automation"}')
    world.shelf.book.apply(record, 99)
    found = (await world.call("GET", "/v1/definitions/rule/note/versions")).json
    assert found["stopped_by"] == "*/stop/automation"


# --- dry runs --------------------------------------------------------------------------------------------------


async def test_a_saved_rule_is_tried_on_an_item_of_the_log(world: World):
    """What it would do and why; nothing is sent."""
    await save(world, {**NOTE, "condition": {"field": "title", "op": "not_empty"}})
    reply = await world.call("POST", "/v1/rules/note/dry-run", ITEM)
    found = reply.json
    assert (reply.status, found["outcome"], found["condition"]["actual"]) == (200, "completed", CANARY["acme"])
    assert found["params"]["text"] == f"For {CANARY['acme']} <acme@home.test>"
    assert [one["type"] for one in found["events"]] == ["CommentAdded"]
    assert not world.outbox.letters


async def test_texts_about_people_are_for_who_may_read_items(world: World):
    """A key that may only define sees that there is a text."""
    await save(world, NOTE)
    reply = await world.call("POST", "/v1/rules/note/dry-run", ITEM, key="acme define")
    assert reply.status == 200
    assert b"acme@home.test" not in reply.body


async def test_an_unsaved_rule_is_tried_on_a_given_item(world: World):
    """Neither has to exist."""
    given = {"item_type": "deal", "stage": "assembly", "fields": {"title": "Chair"}}
    body = {"given": given, "rule": {**NOTE, "params": {"text": "{{Title}}!"}}}
    reply = await world.call("POST", "/v1/rules/note/dry-run", body)
    assert (reply.status, reply.json["params"]["text"]) == (200, "Chair!")
    assert (await world.call("GET", "/v1/definitions?kind=rule")).json["definitions"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({**ITEM, "given": {"item_type": "deal"}}, 422),
        ({"given": {"item_type": "deal", "fields": {"moon": 1}}}, 422),
        ({"given": {"item_type": "deal", "moon": 1}}, 422),
        ({"item": {"item_type": "deal", "item_id": "nothing"}}, 404),
        ({"item": {"item_type": "deal", "item_id": "other-1"}}, 404),
        ({**ITEM, "as_of": 1}, 404),
        ({**ITEM, "version": 9}, 404),
        ({**ITEM, "rule": {**NOTE, "stage": "moon"}}, 422),
        ({**ITEM, "rule": {**NOTE, "id": "another"}}, 422),
        ({**ITEM, "rule": {"id": "note"}}, 422),
    ],
)
async def test_what_cannot_be_tried_is_refused(world: World, body: dict[str, Any], status: int):
    """With a problem document, and without an effect."""
    await save(world, NOTE)
    assert (await world.call("POST", "/v1/rules/note/dry-run", body)).status == status


# --- enrolments ------------------------------------------------------------------------------------------------


async def test_a_preview_counts_the_items_and_tries_the_rule_on_them(world: World):
    """How many, which, and what each would do."""
    await save(world, NOTE)
    found = (await world.call("POST", f"{ENROL}/preview", {})).json
    assert (found["version"], found["total"], found["outcomes"], found["next"]) == (1, 1, {"completed": 1}, None)
    assert [one["item_id"] for one in found["items"]] == ["acme-1"]
    assert found["items"][0]["dry_run"]["events"][0]["type"] == "CommentAdded"
    assert not world.outbox.letters


async def test_an_enrolment_asks_for_each_item_once_and_is_done(world: World):
    """The change is signed, says who asked, and has the same id whenever it is sent."""
    await save(world, NOTE)
    made = await world.call("POST", ENROL, {"version": 1, "user": "berta"})
    assert (made.status, made.json["status"], made.json["total"]) == (202, "running", 1)
    assert await worker(world).step()
    (letter,) = world.outbox.letters
    assert letter.change == EnrolItem("note", 1, made.json["id"], "berta")
    assert (letter.key.text, letter.frame.actor) == ("acme/deal/acme-1", "user:berta")
    found = (await world.call("GET", f"/v1/enrolments/{made.json['id']}")).json
    assert (found["status"], found["sent"], found["asked_by"]) == ("done", 1, "berta")
    world.clock.move_to(NOW + 60_000)
    assert not await worker(world).step()


async def test_an_enrolment_keeps_its_rate_and_its_order(world: World):
    """A slice a second, whoever works it off."""
    await save(world, NOTE)
    body = {"version": 1, "item_ids": ["a", "b", "c"], "per_second": 2}
    await world.call("POST", ENROL, body)
    assert await worker(world).step()
    assert not await worker(world).step()
    assert [letter.key.item_id for letter in world.outbox.letters] == ["a", "b"]
    world.clock.move_to(NOW + SLICE_MS)
    assert await worker(world).step()
    assert [letter.key.item_id for letter in world.outbox.letters] == ["a", "b", "c"]


async def test_a_slice_that_kafka_did_not_confirm_is_sent_again(world: World):
    """With the same change ids, so that it has no second effect."""
    await save(world, NOTE)
    made = (await world.call("POST", ENROL, {"version": 1, "item_ids": ["a"]})).json
    world.outbox.down = True
    assert await worker(world).step()
    assert (await world.call("GET", f"/v1/enrolments/{made['id']}")).json["sent"] == 0
    world.outbox.down = False
    world.clock.move_to(NOW + SLICE_MS)
    assert await worker(world).step()
    assert (await world.call("GET", f"/v1/enrolments/{made['id']}")).json["status"] == "done"


async def test_a_cancelled_enrolment_takes_no_more_items(world: World):
    """What was asked for runs on; the next enrolment may begin."""
    await save(world, NOTE)
    made = (await world.call("POST", ENROL, {"version": 1, "item_ids": ["a", "b"], "per_second": 1})).json
    assert await worker(world).step()
    running = await world.call("POST", ENROL, {"version": 1, "item_ids": ["c"]})
    assert (running.status, running.code) == (409, "enrolment_running")

    reply = await world.call("DELETE", f"/v1/enrolments/{made['id']}")
    assert (reply.json["status"], reply.json["sent"]) == ("cancelled", 1)
    world.clock.move_to(NOW + SLICE_MS)
    assert not await worker(world).step()
    assert (await world.call("POST", ENROL, {"version": 1, "item_ids": ["c"]})).status == 202
    assert len((await world.call("GET", "/v1/enrolments")).json["enrolments"]) == 2


async def test_a_version_that_was_not_previewed_is_refused(world: World):
    """Somebody has saved the rule since."""
    await save(world, NOTE)
    await save(world, {**NOTE, "order": 5})
    reply = await world.call("POST", ENROL, {"version": 1})
    assert (reply.status, reply.code) == (409, "overtaken")
    assert (await world.call("POST", "/v1/rules/nothing/enrolments", {"version": 1})).status == 404


async def test_an_empty_stage_is_done_at_once(world: World):
    """Nothing runs, and nothing is in the next enrolment's way."""
    await save(world, {**NOTE, "stage": "won"})
    assert (await world.call("POST", ENROL, {"version": 1})).json["status"] == "done"
    assert not await worker(world).step()


async def test_an_enrolment_of_another_tenant_is_not_there(world: World):
    """Nobody can tell it from one that never was."""
    await save(world, NOTE)
    made = (await world.call("POST", ENROL, {"version": 1})).json
    for method in ("GET", "DELETE"):
        assert (await world.call(method, f"/v1/enrolments/{made['id']}", key="other")).status == 404
    assert await worker(world).step()


async def test_fields_that_a_template_brings_along_are_saved_with_it(world: World):
    """One apply adds them to the type of the linked record; saving it once more changes nothing (spec 4.11)."""
    colour = {"definition": {"code": "colour", "title": "Colour", "type": "string"}, "value": "red"}
    rows = {"fields": [{"field": "title", "value": "Client"}], "new_fields": [colour]}
    steps = [{"id": "change", "type": "bp_change_contact", "params": rows}]
    body = {"id": "client", "item_type": "deal", "steps": steps}

    saved = (await save(world, body, "template"))["saved"]
    assert saved == [
        {"kind": "template", "id": "client", "version": 1}, {"kind": "fields", "id": "contact", "version": 1},
    ]  # fmt: skip
    (found,) = (await world.call("GET", "/v1/definitions?kind=fields")).json["definitions"]
    assert [field["code"] for field in found["body"]["fields"]] == ["colour"]
    assert (await save(world, body, "template"))["saved"] == []
