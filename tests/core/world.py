"""Several items that ask each other: what one sends reaches the others, as `deal_stream` would carry it."""

from __future__ import annotations

from collections import deque
from typing import Any

from automation.definitions.book import Book
from automation.envelope import Key, Recorded, stable_id
from automation.items import changes as c
from automation.items import effects
from automation.items.state import ItemState
from automation.records.loading import record_types
from tests.core.record_spec import RecordStory
from tests.core.spec import TENANT, Story


class World:
    """Items by key; a change is decided on, and what it asks of other items is delivered until all is quiet."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.stories: dict[Key, Story] = {}
        self.log: dict[Key, list[Recorded]] = {}
        self.asked: list[Any] = []
        """Calls to others than items, in order."""
        self.lost: set[str] = set()
        """Types of items that nothing is delivered to."""

    def tell(self, item: str, change: c.ItemChange, **frame: Any) -> World:
        """Decide on a change of `type/id`, and on all that follows from it."""
        key = Key.parse(f"{TENANT}/{item}")
        story = self.story(key)
        self._settle(deque([(key, story.frame(**frame), change)]))
        return self

    def wake(self, item: str) -> World:
        """Let the earliest timer of `type/id` fire at its due moment, and decide on all that follows from it."""
        key = Key.parse(f"{TENANT}/{item}")
        self._settle(deque(self._spread(key, self.story(key).wake())))
        return self

    def redeliver(self, recorded: Recorded) -> World:
        """Deliver once more what an event asked for."""
        self._settle(deque(_sent(recorded)))
        return self

    def state(self, item: str) -> ItemState:
        """Return the state of `type/id`."""
        return self.story(Key.parse(f"{TENANT}/{item}")).state

    def events(self, item: str, kind: type) -> list[Any]:
        """Return all events of one type of `type/id`."""
        return [r.event for r in self.log.get(Key.parse(f"{TENANT}/{item}"), ()) if isinstance(r.event, kind)]

    def recorded(self, item: str, kind: type) -> list[Recorded]:
        """Return all events of one type of `type/id`, with their envelopes."""
        return [r for r in self.log.get(Key.parse(f"{TENANT}/{item}"), ()) if isinstance(r.event, kind)]

    def items(self, item_type: str) -> list[ItemState]:
        """Return the items of a type that exist."""
        return [s.state for key, s in self.stories.items() if key.item_type == item_type and s.state.exists]

    def story(self, key: Key) -> Story:
        """Return the story of an item."""
        kind = RecordStory if key.item_type in record_types() else Story
        return self.stories.setdefault(key, kind(self.book, key))

    def _settle(self, inbox: deque[tuple[Key, c.ChangeFrame, Any]]) -> None:
        while inbox:
            key, frame, change = inbox.popleft()
            inbox.extend(self._spread(key, self.story(key).repeat(frame, change)))

    def _spread(self, key: Key, story: Story) -> list[tuple[Key, c.ChangeFrame, Any]]:
        """Remember the last turn of an item; return what it sends to others."""
        self.log.setdefault(key, []).extend(story.last.events)
        sent = [one for recorded in story.last.events for one in self._sent(recorded)]
        sent += [(request.key, request.frame, request.change) for request in story.last.requests]
        return [one for one in sent if one[0].item_type not in self.lost]

    def _sent(self, recorded: Recorded) -> list[tuple[Key, c.ChangeFrame, Any]]:
        sent = _sent(recorded)
        if not sent and hasattr(recorded.event, "CHANNEL"):
            self.asked.append(recorded.event)
        return sent


def _sent(recorded: Recorded) -> list[tuple[Key, c.ChangeFrame, Any]]:
    env, event = recorded
    behalf = env.on_behalf_of if getattr(event, "run_id", "") else ""
    match event:
        case effects.ItemAsked():
            reply_to = env.key.text if event.run_id else ""
            asked = c.AskItem(event.effect_id, event.run_id, event.question, event.args, reply_to, behalf)
            return [_to(event.target, event.effect_id, recorded, asked)]
        case effects.CreationRequested():
            wanted = c.RequestItem(
                event.effect_id, event.run_id, env.key.text, event.fields, event.pipeline, event.stage,
                event.responsible, event.observers, event.rows, event.links, behalf, event.repeat,
            )  # fmt: skip
            return [_to(event.target, event.effect_id, recorded, wanted)]
        case effects.ItemAnswered():
            told = c.ReportOutcome(event.effect_id, event.run_id, event.status, event.reason, event.results)
            return [_to(event.reply_to, stable_id("answer", event.effect_id), recorded, told)]
        case _:
            return []


def _to(target: str, change_id: str, recorded: Recorded, change: Any) -> tuple[Key, c.ChangeFrame, Any]:
    env, key = recorded.envelope, Key.parse(target)
    frame = c.ChangeFrame(
        change_id, *key, env.occurred_at, env.source, env.actor, 0, env.event_id, env.root_id, env.depth, 0, b""
    )
    return key, frame, change
