"""One turn of an item: a change or timer is worked off as a queue, first in first out (design section 2)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from automation.definitions.tenant_view import TenantView
from automation.envelope import Envelope, Key, Recorded, event_id, stable_id
from automation.items.admission_state import Held
from automation.items.changes import AskItem, ChangeFrame, ItemChange, ReportOutcome, RequestItem
from automation.items.effects import ItemAnswered
from automation.items.evolve import evolve
from automation.items.sizes import TURN_LIMIT
from automation.items.state import ItemState
from automation.values import Moment, Value

_new_tuple: Callable[..., Any] = tuple.__new__
"""Makes a NamedTuple of all its values without a call in Python."""

_NO_RESULTS: Mapping[str, Value] = {}

CHAIN_LIMIT = 50
"""Automated stage entries and item creations, each caused by the one before, that a chain may have (spec 6.1)."""


class Request(NamedTuple):
    """A change for another item that no event of this one stands for."""

    key: Key
    frame: ChangeFrame
    change: ItemChange


class Origin(NamedTuple):
    """Where a turn comes from: the chain of causes, and who acts until automation takes over."""

    key: Key
    change_id: str
    occurred_at: Moment
    source: str
    actor: str
    cause_id: str
    root_id: str
    depth: int
    source_seq: int = 0


class Setting(NamedTuple):
    """What a turn is decided with."""

    view: TenantView
    version: int
    """Of the definitions."""
    now: Moment
    release: str


class Turn:
    """The working frame of one decision: nothing of it is seen outside but its events, state and requests."""

    _evolve: Callable[[Any, Recorded], Any] = staticmethod(evolve)
    """Overridden for records, whose fold is another one."""

    def __init__(self, state: ItemState, origin: Origin, setting: Setting) -> None:
        self.state = state
        self.key = origin.key
        self.key_text = origin.key.text
        self.view = setting.view
        self.now = max(setting.now, state.recorded_at)
        self.events: list[Recorded] = []
        self.requests: list[Request] = []
        self.room = TURN_LIMIT
        """Bytes that steps may still write."""
        self.steps = 0
        """Steps of processes that had their turn."""
        self.started: set[str] = set()
        """Processes begun in this turn, those that have ended by now included."""
        self.depth = origin.depth
        self.root = origin.root_id
        self.cause = origin.cause_id
        self._origin = origin
        self._setting = setting
        self._queue: deque[Callable[[Turn], None]] = deque()
        self._actor, self._source, self._on_behalf_of = origin.actor, origin.source, ""
        self._change_id = origin.change_id

    @property
    def source(self) -> str:
        """The source of what is being done now (spec 5.2)."""
        return self._source

    @property
    def actor(self) -> str:
        """Who acts now: `user:<id>`, `rule:<id>`, `system`…"""
        return self._actor

    @property
    def change_id(self) -> str:
        """The change that is being handled; empty for a timer."""
        return self._change_id

    def act(self, actor: str, source: str, on_behalf_of: str, cause: str) -> None:
        """Attribute what follows to a rule or trigger (spec 6.4)."""
        self._actor, self._source, self.cause = actor, source, cause
        self._on_behalf_of = on_behalf_of or self.state.responsible or "system"

    def resume(self, held: Held) -> None:
        """Attribute what follows to a change that was held."""
        self._actor, self._source, self._on_behalf_of = held.actor, held.source, ""
        self._change_id = held.change_id
        self.cause, self.root, self.depth = held.event_id, held.root_id, held.depth

    def emit(self, event: Any) -> Recorded:
        """Record an event and fold it in."""
        origin, setting, version = self._origin, self._setting, self.state.version + 1
        frame = (
            event_id(self.key_text, version), *self.key, version,
            origin.occurred_at, self.now, self._actor, self._on_behalf_of, self._source, self.cause, self.root,
            self.depth, self._change_id, setting.version, setting.release, origin.source_seq,
        )  # fmt: skip
        recorded = Recorded(_new_tuple(Envelope, frame), event)
        self.state = self._evolve(self.state, recorded)
        self.events.append(recorded)
        return recorded

    def undo(self, state: ItemState, count: int) -> None:
        """Take back the events after the first `count`; `state` is the one before them."""
        self.state = state
        del self.events[count:]

    def reply(
        self, asked: AskItem | RequestItem, status: str, reason: str, results: Mapping[str, Value] = _NO_RESULTS
    ) -> None:
        """Answer a question without an event: about an item that does not exist."""
        key = Key.parse(asked.reply_to)
        frame = ChangeFrame(
            stable_id("answer", asked.effect_id), key.tenant, key.item_type, key.item_id, self.now, self._source,
            "system", 0, self.cause, self.root, self.depth, 0, b"",
        )  # fmt: skip
        told = ReportOutcome(asked.effect_id, asked.run_id, status, reason, results)
        self.requests.append(Request(key, frame, told))

    def fail(self, asked: AskItem | RequestItem, reason: str) -> None:
        """Answer that what is asked cannot be done; where nothing has happened yet, no state is left behind."""
        if self.state.version:
            self.emit(ItemAnswered(asked.effect_id, asked.run_id, asked.reply_to, "failed", reason, {}))
        else:
            self.reply(asked, "failed", reason)

    def later(self, work: Callable[[Turn], None]) -> None:
        """Queue work that the events so far have caused."""
        self._queue.append(work)

    def finish(self) -> None:
        """Work the queue off, each part on the state as it is by then."""
        while self._queue:
            self._queue.popleft()(self)
