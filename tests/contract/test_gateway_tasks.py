"""Tasks and activities over the API: what people may send, and what optional fields become."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import activity_changes as ac
from automation.records.types.task.changes import CompleteTask, CreateTask, EditTask, ReopenTask
from automation.values import Personal
from tests.gateway_world import World, untouched, world

__all__ = ["untouched", "world"]
DEAL = "/v1/items/deal/1/changes"


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ({"kind": "create_task", "title": "Look"}, CreateTask(Personal("Look"))),
        (
            {"kind": "create_task", "title": "Look", "responsible": "ann", "deadline": 9, "item": "deal/1"},
            CreateTask(Personal("Look"), responsible="ann", deadline=9, item="deal/1"),
        ),
        ({"kind": "edit_task", "deadline": 0}, EditTask(deadline=0)),
        ({"kind": "edit_task", "title": "x", "important": None}, EditTask(title=Personal("x"))),
        ({"kind": "complete_task"}, CompleteTask()),
        ({"kind": "reopen_task"}, ReopenTask()),
    ],
)
async def test_what_people_do_with_tasks_is_sent_under_their_key(world: World, body: Any, change: Any) -> None:
    """What is left out, or null, stays as it is."""
    reply = await world.call("POST", "/v1/records/task/7/changes", {**body, "user": "ann", "change_key": "k1"})
    (letter,) = world.outbox.letters

    assert reply.status == 202
    assert (letter.key.text, letter.change, letter.frame.actor) == ("acme/task/7", change, "user:ann")


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (
            {"kind": "plan_activity", "subject": "Look"},
            ac.PlanActivity("activity", Personal("Look"), Personal(""), 0, 0, Personal(""), "", False, False, -1),
        ),
        (
            {"kind": "plan_activity", "activity": "meeting", "subject": "Meet", "start": 5, "end": 9, "place": "Room",
             "description": "d", "responsible": "boss", "important": True, "complete_on_status_change": True,
             "remind_before": 0},
            ac.PlanActivity("meeting", Personal("Meet"), Personal("d"), 5, 9, Personal("Room"), "boss", True, True, 0),
        ),
        ({"kind": "complete_activity", "activity_id": "a"}, ac.CompleteActivity("a")),
        ({"kind": "delete_activity", "activity_id": "a"}, ac.DeleteActivity("a")),
    ],
)  # fmt: skip
async def test_people_plan_complete_and_take_back_activities(world: World, body: Any, change: Any) -> None:
    """As changes of their item."""
    reply = await world.call("POST", DEAL, {**body, "user": "ann"})
    (letter,) = world.outbox.letters

    assert (reply.status, letter.key.text, letter.change) == (202, "acme/deal/1", change)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "plan_activity", "activity": "call", "subject": "Ring"}, "start"),
        ({"kind": "plan_activity", "activity": "call", "subject": "Ring", "start": 9, "end": 5}, "end"),
    ],
)
async def test_a_call_begins_before_it_ends(world: World, body: Any, path: str) -> None:
    """Each path at fault is named."""
    reply = await world.call("POST", DEAL, body)
    assert (reply.status, [fault["path"] for fault in reply.json["errors"]]) == (422, [path])


async def test_the_activities_of_an_item_are_listed(untouched: World) -> None:
    """An item without any has none."""
    (listed, *_) = (await untouched.call("GET", "/v1/items?item_type=deal")).json["items"]
    path = f"/v1/items/deal/{listed['item_id']}/activities"
    assert (await untouched.call("GET", path)).json == {"activities": []}
    assert (await untouched.call("GET", "/v1/items/deal/nowhere/activities")).status == 404
