"""Human tasks over the API: whose they are, what is asked, and what people may say."""

from __future__ import annotations

from typing import Any

import pytest

from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.values import Money, Personal
from tests.gateway_world import World, untouched, world

__all__ = ["untouched", "world"]
TASKS = "/v1/human-tasks"
TASK = f"{TASKS}/acme-1"
BUDGET = {"minor": 5_000, "currency": "EUR"}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["acme-1"]),
        ("?user=ann", ["acme-1"]),
        ("?user=boss&item=deal/acme-1", ["acme-1"]),
        ("?user=ann&status=all", ["acme-1"]),
        ("?user=cid", []),
        ("?status=approved", []),
        ("?item=deal/2", []),
    ],
)
async def test_what_waits_for_an_employee_is_listed(untouched: World, query: str, ids: list[str]) -> None:
    """Open ones unless another status is asked for."""
    found = (await untouched.call("GET", TASKS + query)).json
    assert ([one["id"] for one in found["tasks"]], found["next"]) == (ids, None)


async def test_a_task_is_shown_with_its_form_and_those_who_have_not_answered(untouched: World) -> None:
    """As its decisions read it."""
    shown = (await untouched.call("GET", TASK)).json

    assert (shown["title"], shown["status"], shown["kind"]) == ("canary of acme", "open", "information")
    assert shown["waiting"] == ["ann", "boss"]
    assert [field["code"] for field in shown["state"]["form"]] == ["budget", "days"]
    assert (await untouched.call("GET", f"{TASKS}/nothing")).status == 404


@pytest.mark.parametrize(
    ("part", "body", "change"),
    [
        (
            "decision",
            {"decision": "answer", "comment": "fine", "values": {"budget": BUDGET, "days": 3}},
            DecideHumanTask("answer", Personal("fine"), {"budget": Money(5_000, "EUR"), "days": 3}),
        ),
        ("delegation", {"to": "eve"}, DelegateHumanTask("eve")),
    ],
)
async def test_what_an_employee_says_is_sent_on(world: World, part: str, body: Any, change: Any) -> None:
    """In his or her name."""
    saved = {"definitions": [{"kind": "user", "id": "eve", "body": {"id": "eve", "name": "Eve"}}]}
    assert (await world.call("PUT", "/v1/definitions", saved)).status == 200

    reply = await world.call("POST", f"{TASK}/{part}", {"user": "ann", **body})
    (letter,) = world.outbox.letters

    assert reply.status == 202
    assert (letter.key.text, letter.change, letter.frame.actor) == ("acme/human_task/acme-1", change, "user:ann")


async def test_the_same_is_taken_as_a_change_of_the_record(world: World) -> None:
    """With its kind."""
    body = {"kind": "decide_human_task", "user": "ann", "decision": "answer", "values": {"colours": ["red", "blue"]}}
    assert (await world.call("POST", "/v1/records/human_task/acme-1/changes", body)).status == 202
    assert world.outbox.letters[0].change.values == {"colours": ("red", "blue")}


@pytest.mark.parametrize(
    ("part", "body", "fault"),
    [
        ("decision", {"decision": "approve"}, ("decision", "invalid_value")),
        ("decision", {"decision": "answer"}, ("fields.budget", "missing_value")),
        ("decision", {"decision": "answer", "values": {"budget": "much"}}, ("fields.budget", "invalid_field")),
        ("decision", {"decision": "answer", "values": {"size": "L"}}, ("fields.size", "unknown_field")),
        ("decision", {"decision": "answer", "user": "cid"}, ("user", "not_assigned")),
        ("decision", {"decision": "answer", "user": ""}, ("user", "not_assigned")),
        ("delegation", {"to": "boss"}, ("to", "already_assigned")),
        ("delegation", {"to": "nobody"}, ("to", "unknown_user")),
    ],
)
async def test_what_the_task_refuses_is_told_at_once(untouched: World, part: str, body: Any, fault: Any) -> None:
    """With the path and the reason, before anything is sent."""
    reply = await untouched.call("POST", f"{TASK}/{part}", {"user": "ann", **body})
    assert (reply.status, reply.code, reply.paths) == (422, "invalid_change", [fault])
    assert not untouched.outbox.letters


async def test_nobody_decides_on_what_is_not_there(untouched: World) -> None:
    """Nor says what no task takes."""
    body = {"user": "ann", "decision": "answer"}
    assert (await untouched.call("POST", f"{TASKS}/nothing/decision", body)).status == 404
    assert (await untouched.call("POST", f"{TASK}/decision", {"user": "ann", "decision": "perhaps"})).code == "invalid"
