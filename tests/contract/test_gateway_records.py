"""Records over the API: what a caller reads of them, what an employee may see, and what may be sent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from automation.records.types.chat.changes import AddChatMembers, CreateChat, PostChatMessage
from automation.records.types.task.changes import EditTask
from automation.values import Personal
from services.gateway.record_bodies import CHANGES, change_of
from tests.gateway_world import World, untouched, world

__all__ = ["untouched", "world"]
CHAT = "/v1/records/chat/acme-1"


async def test_a_chat_is_listed_and_shown_with_its_members(untouched: World) -> None:
    """By member; what its decisions read is its state."""
    (listed,) = (await untouched.call("GET", "/v1/records/chat?member=boss")).json["records"]
    shown = (await untouched.call("GET", CHAT)).json

    assert (listed["id"], listed["status"], listed["owner"], listed["by_rule"]) == ("acme-1", "private", "ann", False)
    assert shown["state"]["members"] == {"ann": 0, "boss": 0}
    assert (await untouched.call("GET", "/v1/records/chat?member=cid")).json == {"records": [], "next": None}


async def test_messages_are_read_as_an_employee_may(untouched: World) -> None:
    """A member reads them, a stranger does not; the platform reads all."""
    for query in ("", "?user=boss"):
        (entry,) = (await untouched.call("GET", f"{CHAT}/entries{query}")).json["entries"]
        assert (entry["sender"], entry["kind"], entry["text"]) == ("ann", "general", "canary of acme")
    refused = await untouched.call("GET", f"{CHAT}/entries?user=cid")
    assert (refused.status, refused.code) == (403, "not_a_member")


async def test_the_log_of_a_record_is_there_like_an_items(untouched: World) -> None:
    """Oldest first, from after a version."""
    events = (await untouched.call("GET", f"{CHAT}/events?after=1")).json["events"]

    assert [one["type"] for one in events] == ["ChatMessagePosted"]


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ({"kind": "post_chat_message", "text": "hi"}, PostChatMessage(Personal("hi"))),
        ({"kind": "add_chat_members", "members": ["cid"]}, AddChatMembers(("cid",))),
        (
            {"kind": "create_chat", "chat_type": "open", "members": [], "name": "All"},
            CreateChat("open", (), Personal("All")),
        ),
    ],
)
async def test_what_an_employee_does_is_sent_under_the_records_key(world: World, body: Any, change: Any) -> None:
    """Signed by nobody: only what users may do has a body."""
    reply = await world.call("POST", f"{CHAT}/changes", {**body, "user": "ann", "change_key": "k1"})
    (letter,) = world.outbox.letters

    assert reply.status == 202
    assert (letter.key.text, letter.change, letter.frame.actor) == ("acme/chat/acme-1", change, "user:ann")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/records/chat/1/changes", {"kind": "add_feed_post", "text": "x", "recipients": ["ann"]}, 422),
        ("/v1/records/chat/1/changes", {"kind": "ask_item", "question": "create_group_chat"}, 422),
        ("/v1/records/chat/1/changes", {"kind": "post_chat_message"}, 422),
        ("/v1/records/chat/1/changes", {"kind": "post_chat_message", "text": " "}, 422),
        ("/v1/records/feed_post/1/changes", {"kind": "add_feed_post", "text": "", "recipients": ["ann"]}, 422),
        ("/v1/records/chat/1/changes", {"kind": "post_chat_message", "text": "x", "message_type": "loud"}, 422),
        ("/v1/records/chat/1/changes", {"kind": "post_chat_message", "text": "x", "sender": "boss"}, 422),
        ("/v1/records/deal/1/changes", {"kind": "post_chat_message", "text": "x"}, 404),
    ],
)
async def test_anything_else_is_refused(world: World, path: str, body: Any, status: int) -> None:
    """A change of another type, of our services, in part, or of no record."""
    assert (await world.call("POST", path, body)).status == status
    assert not world.outbox.letters


async def test_the_one_to_one_chat_of_two_has_one_id(world: World) -> None:
    """Who names another learns it; whoever asks first, it is the same."""
    body = {"kind": "create_chat", "chat_type": "direct", "members": ["boss"], "user": "ann"}
    refused = await world.call("POST", f"{CHAT}/changes", body)
    assert (refused.status, refused.paths) == (422, [("key", "invalid_key")])
    wanted = refused.json["errors"][0]["message"].rpartition(" ")[2]
    turned = {**body, "members": ["ann"], "user": "boss"}

    for asked in (body, turned):
        assert (await world.call("POST", f"/v1/records/chat/{wanted}/changes", asked)).status == 202
    assert {letter.change for letter in world.outbox.letters} == {
        CreateChat("direct", ("boss",), Personal("")), CreateChat("direct", ("ann",), Personal(""))
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v1/records/deal", "/v1/records/deal/1", "/v1/records/chat/none", f"{CHAT}x/events"])
async def test_what_is_not_there_is_not_found(untouched: World, path: str) -> None:
    """Items are no records; unknown ids are unknown."""
    assert (await untouched.call("GET", path)).status == 404


def test_every_change_of_a_record_has_a_body() -> None:
    """With its documentation, for the document of the API."""
    assert {"create_chat", "add_chat_members", "post_chat_message", "add_feed_post"} <= CHANGES.keys()
    assert all(found.body.model_json_schema()["description"] for found in CHANGES.values())


def test_what_a_change_leaves_out_stays_open() -> None:
    """A field without a default is required, one that may be `None` is not."""
    edit = CHANGES["edit_task"].body
    assert change_of(edit(kind="edit_task", title="New")) == EditTask(Personal("New"))
    assert change_of(edit(kind="edit_task", deadline=0)) == EditTask(deadline=0)
    with pytest.raises(ValidationError):
        CHANGES["create_task"].body(kind="create_task")
