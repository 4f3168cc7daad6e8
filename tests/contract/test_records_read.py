"""Records in the index: lists by mark and text, entries in order, on SQLite and PostgreSQL; and states at rest."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from automation.envelope import Key, Recorded
from automation.records import fold
from automation.records.loading import record_types
from automation.records.model import RecordType
from automation.records.types.chat.events import ChatCreated, ChatMembersAdded, ChatMessagePosted
from automation.records.types.feed_post.events import FeedPostAdded
from automation.values import Personal
from services.edge.codec import StateCodec, item_events
from services.edge.sql import Database
from services.edge.stream import UnreadableError
from services.history.heads import log_heads
from services.history.queries import History
from services.history.records import LogRecord, Sought, log_record
from services.history.store import SqlHistory
from tests.history_world import CONTEXT, stream

pytest_plugins = ["tests.postgres", "tests.databases"]

CODEC = item_events()
CHAT = Key("acme", "chat", "c1")
TALK = (
    ChatCreated("private", Personal("Desk"), "ann", ("ann", "boss"), by_rule=True, item="deal/1"),
    ChatMessagePosted("m1", "ann", "general", Personal("one"), ""),
    ChatMembersAdded(("cid",), show_history=False),
    ChatMessagePosted("m2", "boss", "important", Personal("two"), ""),
    ChatMessagePosted("m3", "ann", "general", Personal("three"), ""),
)


def post(name: str, *recipients: str, tag: str = "", text: str = "Well done") -> list[Recorded]:
    """Return a post of Ann's about a deal."""
    event = FeedPostAdded("ann", recipients, Personal("Won"), Personal(text), tag, ("file-1",), "deal/1")
    return stream(Key("acme", "feed_post", name), event)


def logged(found: list[Recorded]) -> list[LogRecord]:
    """Return events as they are read from one partition."""
    return [log_record("item", one, CODEC.encode(one), CONTEXT, at) for at, one in enumerate(found)]


def indexed(database: Database, *found: Recorded) -> History:
    """Return the queries on an index of these events."""
    store = SqlHistory(database, heads=log_heads)
    store.write(logged(list(found)), {CONTEXT: len(found)})
    return History(store, CODEC.decode, fold)


def ids(history: History, kind: str, **sought: Any) -> list[str]:
    """Return the ids of the records found, in no order."""
    return sorted(row.item_id for row in history.records("acme", kind, Sought(**sought)).items)


def test_chats_are_found_by_member_and_by_item(database: Database) -> None:
    """Members who came later count like the first ones; another tenant's chats are never found."""
    own, other = stream(CHAT, *TALK), stream(Key("other", "chat", "c9"), *TALK)
    history = indexed(database, *own, *other, *stream(CHAT._replace(item_id="c2"), TALK[0]))

    assert ids(history, "chat", marks=(("member", "cid"),)) == ["c1"]
    assert ids(history, "chat", marks=(("member", "boss"), ("item", "deal/1"))) == ["c1", "c2"]
    assert ids(history, "chat", marks=(("member", "eve"),)) == ids(history, "chat", marks=(("item", "deal/2"),)) == []
    row = next(row for row in history.records("acme", "chat", Sought()).items if row.item_id == "c1")
    assert (row.title, row.stage, row.responsible, row.version) == ("Desk", "private", "ann", 5)


def test_messages_are_read_in_order_and_page_by_page(database: Database) -> None:
    """Other events of the chat do not stand among them; `next` goes on behind the last one."""
    history = indexed(database, *stream(CHAT, *TALK))
    kinds = {"ChatMessagePosted"}
    first, following = history.entries(CHAT, kinds, limit=2)
    assert [one.event.message_id for one in first] == ["m1", "m2"]
    assert following == 4

    rest, end = history.entries(CHAT, kinds, after=following, limit=2)
    assert ([one.event.message_id for one in rest], end) == (["m3"], None)
    assert [one.event.message_id for one in history.entries(CHAT, kinds, after=3)[0]] == ["m2", "m3"]
    body = history.record_body(CHAT, record_types()["chat"])
    assert body == history.state_as_of(CHAT).state.body
    assert dict(body.members) == {"ann": 0, "boss": 0, "cid": 3}


def test_the_feed_is_found_by_recipient_tag_and_text(database: Database) -> None:
    """In any case; what looks like a pattern is text."""
    history = indexed(
        database, *post("p1", "ann", "boss", tag="WON Deals", text="Straße 100% done"),
        *post("p2", "ann", tag="other"), *post("p3", "boss", text="100 percent"),
    )  # fmt: skip

    assert ids(history, "feed_post", marks=(("member", "ann"),)) == ["p1", "p2"]
    assert ids(history, "feed_post", marks=(("member", "ann"), ("tag", "won deals"))) == ["p1"]
    assert ids(history, "feed_post", text="STRASSE") == ["p1"]
    assert ids(history, "feed_post", text="100%") == ["p1"]
    assert ids(history, "feed_post", text="won", owner="ann") == ["p1", "p2", "p3"]
    assert ids(history, "feed_post", text="_") == ids(history, "feed_post", status="gone") == []


def test_a_page_of_records_goes_on_where_the_last_one_ended(database: Database) -> None:
    """Last changed first."""
    history = indexed(database, *(one for name in ("p1", "p2", "p3") for one in post(name, "ann")))
    first = history.records("acme", "feed_post", Sought(), limit=2)
    rest = history.records("acme", "feed_post", Sought(), before=first.before, limit=2)

    assert [row.item_id for row in (*first.items, *rest.items)] == ["p3", "p2", "p1"]
    assert rest.before is None


def test_reading_the_log_twice_or_out_of_order_leaves_the_same_marks(database: Database) -> None:
    """A repeat changes nothing, and a gap that is filled late is folded anew."""
    store, own = SqlHistory(database, heads=log_heads), logged(stream(CHAT, *TALK))
    store.write([own[0], own[3]], {CONTEXT: 1})
    store.write([own[1], own[2], own[4]], {CONTEXT: 2})
    store.write(own, {CONTEXT: 3})
    history = History(store, CODEC.decode, fold)

    assert ids(history, "chat", marks=(("member", "cid"),)) == ["c1"]
    assert history.state_as_of(CHAT, version=3).state.body.members == {"ann": 0, "boss": 0, "cid": 3}


def test_an_index_of_before_learns_the_new_tables(database: Database) -> None:
    """Opening creates what is missing."""
    indexed(database, *post("p1", "ann"))
    for table in ("history_marks", "history_texts"):
        database.create([f"DROP TABLE {table}"])

    history = History(SqlHistory(database, heads=log_heads), CODEC.decode, fold)
    assert ids(history, "feed_post", marks=(("member", "ann"),)) == []


def _filled(kind: RecordType) -> Any:
    made: dict[str, Any] = {"members": {"ann": 3}, "recipients": ("ann", "boss")}
    names = {field.name for field in dataclasses.fields(kind.body)}
    return kind.body(**{name: value for name, value in made.items() if name in names})


@pytest.mark.parametrize("kind", record_types().values(), ids=lambda kind: kind.name)
def test_a_state_survives_being_written_and_read(kind: RecordType) -> None:
    """With its frame; it is told from an item's by its first byte."""
    codec, state = StateCodec(), fold.initial_of(kind)._replace(version=7, seen=b"x" * 16, body=_filled(kind))

    assert codec.decode(codec.encode(state)) == state
    assert codec.encode(fold.initial())[0] % 2 == 0
    with pytest.raises(UnreadableError, match="no records are of type"):
        codec.decode(codec.encode(state).replace(kind.name.encode(), b"?" * len(kind.name)))
