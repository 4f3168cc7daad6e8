"""Business processes over the API: forms, starts, what is shown, controls, incidents, batches."""

from __future__ import annotations

from typing import Any

import pytest

from automation.envelope import Key
from automation.items import process_events as p
from automation.items.changes import CreateItem
from automation.items.process_changes import ControlProcess, StartProcess
from services.edge.codec import item_events
from services.gateway.batches import BatchWorker
from services.gateway.problems import unavailable
from services.gateway.worklist import SLICE_MS
from services.history.records import log_record
from tests.core.spec import Story, action
from tests.gateway_world import NOW, World, world

__all__ = ["world"]

ROUND: dict[str, Any] = {
    "id": "round", "name": "The round", "item_type": "deal", "autostart_on_add": True,
    "params": [
        {"code": "days", "title": "Days", "type": "int", "required": True},
        {"code": "budget", "type": "money"},
        {"code": "who", "type": "user", "multiple": True},
        {"code": "note", "type": "string", "default": "Hello"},
    ],
    "variables": [{"code": "n", "type": "int", "default": 1}],
    "steps": [
        {"id": "size", "type": "if", "title": "How large?", "branches": [
            {"title": "Large", "when": {"field": "title", "op": "eq", "value": "Large"}, "steps": [
                {"id": "end", "type": "end"}]}]},
        {**action("bp_change_status", "go", new_status="moon"), "on_error": {"then": "stop"}},
        {**action("bp_wait", "rest", interval_days=2, comment="Wait"), "title": "Rest a little"},
    ],
}  # fmt: skip
DEAL = "/v1/items/deal/d1"
PROCESSES = f"{DEAL}/processes"


async def define(world: World, body: dict[str, Any], kind: str = "template") -> int:
    """Save a definition; return its version."""
    reply = await world.call(
        "PUT", "/v1/definitions", {"definitions": [{"kind": kind, "id": body.get("id", kind), "body": body}]}
    )
    assert reply.status == 200, reply.json
    return int(reply.json["saved"][0]["version"])


class Deal:
    """A deal of the index whose processes run as they would behind Kafka."""

    def __init__(self, world: World, item_id: str = "d1") -> None:
        self.world = world
        self.story = Story(world.shelf.book, Key("acme", "deal", item_id), now=NOW)
        self.when(CreateItem({"title": "Small"}, responsible="ann"), source="file_import")

    def when(self, change: Any, **more: Any) -> Deal:
        """Decide on a change and index what comes of it."""
        self.story.now += 1_000
        self.story.when(change, **more)
        codec, found = item_events(), self.story.last.events
        rows = [log_record("item", one, codec.encode(one), self.context, one.envelope.version) for one in found]
        self.world.ports.history()._store.write(rows, {self.context: self.story.state.version})
        return self

    @property
    def context(self) -> str:
        """A partition of its own."""
        return f"crm.events-{self.story.key.item_id}"

    def begin(self) -> str:
        """Start the round; return the instance, which waits at an incident."""
        self.when(StartProcess("round", {"days": 2}))
        return str(self.story.only(p.ProcessStarted).instance_id)


async def test_the_form_is_a_schema_of_the_start_parameters(world: World):
    """Types, titles, defaults; required is what has none."""
    await define(world, ROUND)
    found = (await world.call("GET", "/v1/templates/round/form")).json
    schema = found["schema"]
    assert (found["version"], found["item_type"], schema["title"], schema["required"]) == (
        1, "deal", "The round", ["days"]
    )  # fmt: skip
    assert schema["properties"]["days"] == {
        "type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1, "title": "Days", "x-type": "int",
    }  # fmt: skip
    assert schema["properties"]["who"]["type"] == "array"
    assert schema["properties"]["note"]["default"] == "Hello"
    assert (await world.call("GET", "/v1/templates/other/form")).status == 404


async def test_a_process_is_started_by_hand_with_the_values_of_the_form(world: World):
    """The answer names the instance; the author is the employee, else the key."""
    await define(world, ROUND)
    params = {"days": 2, "budget": {"minor": 100, "currency": "EUR"}, "who": ["ann"]}
    reply = await world.call("POST", PROCESSES, {"template": "round", "params": params, "user": "ann"})
    assert reply.status == 202, reply.json
    letter = world.outbox.letters[-1]
    assert (letter.key.text, letter.frame.actor, letter.change.template_id) == ("acme/deal/d1", "user:ann", "round")
    assert letter.change.params["who"] == ("ann",)
    deal = Deal(world)
    deal.story.repeat(letter.frame._replace(occurred_at=NOW), letter.change)
    assert deal.story.only(p.ProcessStarted).instance_id == reply.json["instance_id"]

    await world.call("POST", PROCESSES, {"template": "round", "params": {"days": 2}})
    assert world.outbox.letters[-1].frame.actor == "user:acme"


@pytest.mark.parametrize("item_type", ["feed_item", "drive_file"])
async def test_documents_outside_the_crm_come_and_have_processes(world: World, item_type: str):
    """A post of the feed and a file of the drive are created, read and processed like items (spec 1.1, 5.1)."""
    steps = [action("create_task", title="Look at {{field:title}}")]
    await define(world, {"id": "look", "item_type": item_type, "steps": steps})
    place = f"/v1/items/{item_type}/p1"
    created = await world.call("POST", f"{place}/changes", {"kind": "create", "fields": {"title": "Minutes"}})
    started = await world.call("POST", f"{place}/processes", {"template": "look"})
    assert (created.status, started.status) == (202, 202), (created.json, started.json)
    assert [one.key.text for one in world.outbox.letters[-2:]] == [f"acme/{item_type}/p1"] * 2
    assert (await world.call("GET", f"/v1/items?item_type={item_type}")).json["items"] == []
    refused = await world.call("POST", f"{place}/changes", {"kind": "save", "stage": "new"})
    assert refused.json["errors"][0]["rule"] == "unknown_stage"


async def test_a_repeated_start_is_the_same_one(world: World):
    """By Idempotency-Key, and by the sender's own key."""
    await define(world, ROUND)
    body = {"template": "round", "params": {"days": 1}}
    first, second = [await world.call("POST", PROCESSES, body, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert (first.json, len(world.outbox.letters)) == (second.json, 1)
    keyed = [await world.call("POST", PROCESSES, {**body, "change_key": "mine"}) for _ in range(2)]
    assert keyed[0].json["instance_id"] == keyed[1].json["instance_id"] != first.json["instance_id"]


@pytest.mark.parametrize(
    ("template", "params", "errors"),
    [
        ("round", {}, [("params.days", "missing_parameters")]),
        ("round", {"days": None}, [("params.days", "missing_parameters")]),
        ("round", {"days": "two", "moon": 1}, [("params.days", "invalid_field"), ("params.moon", "unknown_field")]),
        ("round", {"days": 1, "budget": {"minor": 1}}, [("params.budget", "invalid_field")]),
        ("other", {}, [("template", "unknown_template")]),
    ],
)
async def test_a_start_is_checked_before_it_is_sent(world: World, template: str, params: Any, errors: Any):
    """Each error names its parameter; nothing is sent."""
    await define(world, ROUND)
    reply = await world.call("POST", PROCESSES, {"template": template, "params": params})
    assert (reply.status, reply.code, reply.paths) == (422, "invalid_change", errors)
    assert not world.outbox.letters


async def test_nothing_starts_that_is_switched_off(world: World):
    """By the kill switch of the template, by its status, or by the settings."""
    await define(world, ROUND)
    body = {"template": "round", "params": {"days": 1}}
    await define(world, {"id": "template:round"}, "stop")
    reply = await world.call("POST", PROCESSES, body)
    assert (reply.status, reply.code, reply.json["detail"]) == (409, "stopped", "stop/template:round stops it")
    one = {"kind": "stop", "id": "template:round", "delete": True}
    assert (await world.call("PUT", "/v1/definitions", {"definitions": [one]})).status == 200

    assert (await world.call("POST", "/v1/definitions/template/round/archive", {})).status == 200
    assert (await world.call("POST", PROCESSES, body)).paths == [("template", "unknown_template")]
    assert (await world.call("POST", "/v1/definitions/template/round/activate", {})).status == 200
    versions = (await world.call("GET", "/v1/definitions/template/round/versions")).json["versions"]
    assert [one["status"] for one in versions] == ["active", "archived", "active"]

    await define(world, {"business_processes": False}, "settings")
    assert (await world.call("POST", PROCESSES, body)).code == "processes_off"
    assert not world.outbox.letters


async def test_changes_carry_start_parameters_of_processes_that_start_by_themselves(world: World):
    """By template and code, in the types of the form."""
    await define(world, ROUND)
    given = {"round.budget": {"minor": 5, "currency": "EUR"}, "round.days": 3}
    for kind in ("create", "save"):
        reply = await world.call("POST", f"{DEAL}/changes", {"kind": kind, "process_params": given})
        assert reply.status == 202
        assert world.outbox.letters[-1].change.process_params["round.budget"].minor == 5
        bad = {"kind": kind, "process_params": {"round.days": "x", "round.moon": 1, "other.x": 1, "days": 1}}
        assert (await world.call("POST", f"{DEAL}/changes", bad)).paths == [
            ("process_params.round.days", "invalid_field"), ("process_params.round.moon", "unknown_field"),
            ("process_params.other.x", "unknown_template"), ("process_params.days", "unknown_template"),
        ]  # fmt: skip


# --- what is shown -------------------------------------------------------------------------------------------


async def test_processes_are_listed_by_item_and_by_template(world: World):
    """With their incidents; by status and by the beginning of their ids."""
    await define(world, ROUND)
    instance = Deal(world).begin()
    for path in (PROCESSES, f"{PROCESSES}?status=open", "/v1/processes?template=round",
                 "/v1/processes?status=incident", f"/v1/processes?instance={instance[:8]}"):  # fmt: skip
        (found,) = (await world.call("GET", path)).json["processes"]
        assert (found["instance_id"], found["item_id"], found["incidents"], found["status"]) == (
            instance, "d1", 1, "running"
        )  # fmt: skip
    for path in (f"{PROCESSES}?status=completed", "/v1/processes?template=other"):
        assert (await world.call("GET", path)).json == {"processes": [], "next": None}
    assert (await world.call("GET", "/v1/items/deal/none/processes")).status == 404
    assert (await world.call("GET", "/v1/processes/totals")).json["templates"] == [
        {"template_id": "round", "running": 1, "paused": 0, "incidents": 1}
    ]


async def test_one_is_shown_with_its_steps_and_the_reason_of_each_branch(world: World):
    """Titles of the steps, incidents, and conditions with the values that they met; as of any version."""
    await define(world, ROUND)
    deal = Deal(world)
    instance = deal.begin()
    found = (await world.call("GET", f"{PROCESSES}/{instance}")).json
    assert (found["template_name"], found["variables"], found["params"]["note"]) == ("The round", {"n": 1}, "Hello")
    branch, step, incident = found["log"]
    assert (branch["kind"], branch["title"], branch["facts"]["branch"]) == ("branch", "How large?", -1)
    (verdict,) = branch["why"]
    assert (verdict["title"], verdict["holds"], verdict["condition"]["actual"]) == ("Large", False, "Small")
    assert (step["status"], step["reason"], step["type"]) == ("failed", "stage_not_in_pipeline", "bp_change_status")
    assert (incident["kind"], found["incidents"][0]["place"]) == ("incident", "go")

    deal.when(ControlProcess(instance, "skip", "go"))
    now = (await world.call("GET", f"{PROCESSES}/{instance}")).json
    assert ([one["title"] for one in now["current"]], now["incidents"]) == (["Rest a little"], [])
    then = (await world.call("GET", f"{PROCESSES}/{instance}?version={found['version']}")).json
    assert then == found
    assert (await world.call("GET", f"{PROCESSES}/{instance}?version=1")).status == 404
    assert (await world.call("GET", f"{PROCESSES}/{instance}?version=1&as_of=1")).status == 422
    assert (await world.call("GET", f"{PROCESSES}/nothing")).status == 404


# --- controls ------------------------------------------------------------------------------------------------


async def test_each_control_is_sent_with_its_author(world: World):
    """The place of a lone incident need not be named."""
    await define(world, ROUND)
    path = f"{PROCESSES}/{Deal(world).begin()}/control"
    for body in (
        {"action": "stop", "reason": "no use"}, {"action": "pause"}, {"action": "resume"},
        {"action": "retry"}, {"action": "skip", "place": "go"}, {"action": "set", "variables": {"n": 4}},
    ):  # fmt: skip
        assert (await world.call("POST", path, {**body, "user": "ann"})).status == 202
        letter = world.outbox.letters[-1]
        assert (letter.frame.actor, letter.change.action) == ("user:ann", body["action"])
    sent = [one.change for one in world.outbox.letters]
    assert (sent[0].reason, sent[3].place, sent[4].place, sent[5].variables) == ("no use", "go", "go", {"n": 4})


async def test_what_cannot_be_done_is_refused_with_the_field(world: World):
    """Steps that did not fail, unknown variables, processes that are over or not there."""
    await define(world, ROUND)
    deal = Deal(world)
    instance = deal.begin()
    path = f"{PROCESSES}/{instance}/control"
    for body, errors in (
        ({"action": "retry", "place": "rest"}, [("place", "no_incident")]),
        ({"action": "skip", "place": "rest"}, [("place", "unknown_step")]),
        ({"action": "set"}, [("variables", "missing")]),
        ({"action": "set", "variables": {"n": "x", "m": 1}},
         [("variables.n", "invalid_field"), ("variables.m", "unknown_field")]),
    ):  # fmt: skip
        assert (await world.call("POST", path, body)).paths == errors
    assert (await world.call("POST", f"{PROCESSES}/nothing/control", {"action": "stop"})).status == 404
    deal.when(ControlProcess(instance, "skip", "go"))
    assert (await world.call("POST", path, {"action": "retry"})).paths == [("place", "missing")]
    deal.when(ControlProcess(instance, "stop"))
    assert (await world.call("POST", path, {"action": "pause"})).code == "process_ended"
    assert not world.outbox.letters


# --- together ------------------------------------------------------------------------------------------------


def worker(world: World) -> BatchWorker:
    """Return the worker of this gateway."""
    ports = world.ports
    return BatchWorker(ports.batches, world.outbox, world.clock, lambda: world.shelf.book, ports.history)


async def test_incidents_are_previewed_and_decided_on_together(world: World):
    """Only those that were previewed, at a rate; what somebody has decided on since is left alone."""
    await define(world, ROUND)
    deals = [Deal(world, f"d{at}") for at in range(3)]
    ids = [deal.begin() for deal in deals]
    listed = (await world.call("GET", "/v1/incidents?template=round&step=go")).json["incidents"]
    assert {one["instance_id"] for one in listed} == set(ids)
    wanted = {"template": "round", "reason": "stage_not_in_pipeline"}
    preview = (await world.call("POST", "/v1/incidents/preview", {**wanted, "limit": 1})).json
    assert (preview["total"], len(preview["incidents"])) == (3, 1)

    late = Deal(world, "late")
    late.story.now += 60_000
    late.begin()
    body = {**wanted, "action": "retry", "upto": preview["upto"], "per_second": 2, "user": "ann"}
    made = (await world.call("POST", "/v1/incidents/resolve", body)).json
    assert (made["action"], made["total"], made["status"]) == ("retry", 3, "running")
    assert (await world.call("POST", "/v1/incidents/resolve", body)).code == "batch_running"

    batch = worker(world)
    assert await batch.step()
    assert not await batch.step()
    assert len(world.outbox.letters) == 2
    left = {f"d{at}" for at in range(3)} - {one.key.item_id for one in world.outbox.letters}
    (rest,) = [deal for deal in deals if deal.story.key.item_id in left]
    rest.when(ControlProcess(ids[deals.index(rest)], "skip", "go"))
    world.clock.move_to(world.clock.now() + SLICE_MS)
    assert await batch.step()
    assert len(world.outbox.letters) == 2
    assert {(one.frame.actor, one.change.action, one.change.place) for one in world.outbox.letters} == {
        ("user:ann", "retry", "go")
    }
    path = f"/v1/batches/{made['id']}"
    assert (await world.call("GET", path)).json["status"] == "done"
    assert [one["id"] for one in (await world.call("GET", "/v1/batches")).json["batches"]] == [made["id"]]
    assert (await world.call("DELETE", path)).json["status"] == "done"
    assert (await world.call("GET", "/v1/batches/none")).status == 404


async def test_a_batch_waits_while_the_history_is_away(world: World):
    """Nothing is sent unseen, and nothing is left out."""
    await define(world, ROUND)
    Deal(world).begin()
    body = {"action": "skip", "upto": 253_402_300_799_999}
    assert (await world.call("POST", "/v1/incidents/resolve", body)).json["total"] == 1

    def away() -> Any:
        raise unavailable("the history has not been written yet")

    blind = BatchWorker(world.ports.batches, world.outbox, world.clock, lambda: world.shelf.book, away)
    assert not await blind.step()
    world.clock.move_to(world.clock.now() + SLICE_MS)
    assert await worker(world).step()
    assert [one.change.action for one in world.outbox.letters] == ["skip"]


async def test_a_template_is_started_on_many_items_after_a_preview(world: World):
    """With the version that was previewed; a newer one ends the batch."""
    version = await define(world, ROUND)
    for at in range(2):
        Deal(world, f"d{at}")
    wanted = {"pipeline": "main", "stage": "new", "params": {"days": 1}}
    preview = (await world.call("POST", "/v1/templates/round/starts/preview", wanted)).json
    assert (preview["total"], preview["outcomes"], preview["version"]) == (2, {"starts": 2}, version)
    assert preview["items"][0]["dry_run"]["process"]["incidents"][0]["place"] == "go"

    assert (await world.call("POST", "/v1/templates/round/starts", {**wanted, "version": 9})).code == "overtaken"
    begun = await world.call("POST", "/v1/templates/round/starts", {**wanted, "version": version, "per_second": 1})
    assert (begun.status, begun.json["total"], begun.json["params"]) == (202, 2, {"days": 1})
    await worker(world).step()
    assert [(one.change.template_id, one.change.params) for one in world.outbox.letters] == [("round", {"days": 1})]

    await define(world, {**ROUND, "name": "Another round"})
    world.clock.move_to(world.clock.now() + SLICE_MS)
    await worker(world).step()
    assert len(world.outbox.letters) == 1
    assert (await world.call("GET", f"/v1/batches/{begun.json['id']}")).json["status"] == "cancelled"


async def test_a_dry_run_says_whether_it_would_start_and_where_it_would_go(world: World):
    """Nothing is sent; what is missing is named."""
    await define(world, {**ROUND, "status": "draft"})
    Deal(world)
    item = {"item": {"item_type": "deal", "item_id": "d1"}}
    found = (await world.call("POST", "/v1/templates/round/dry-run", {**item, "params": {"days": 1}})).json
    assert (found["starts"], found["process"]["log"][0]["why"][0]["holds"]) == (True, False)
    found = (await world.call("POST", "/v1/templates/round/dry-run", item)).json
    assert (found["starts"], found["refusal"], found["missing"]) == (False, "missing_parameters", ["days"])
    assert not world.outbox.letters
