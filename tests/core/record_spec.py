"""Given–when–then for records: the kit of items, with a record's own deciding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from automation.envelope import Key
from automation.items import changes as c
from automation.items.effects import ItemAnswered
from automation.records import decide as records
from automation.records.fold import initial_of
from automation.records.loading import record_types
from automation.records.model import RecordType
from tests.core.spec import DEAL, PEOPLE, TENANT, Story, book_of, pipeline


@dataclass
class RecordStory(Story):
    """A record with its history; `ask` is what a rule of the deal asks."""

    state: Any = field(default=None)

    def __post_init__(self) -> None:
        self.state = self.state or initial_of(self.record)

    @property
    def record(self) -> RecordType:
        """The record's type."""
        return record_types()[self.key.item_type]

    def repeat(self, frame: c.ChangeFrame, change: Any) -> RecordStory:
        """Decide on a change with this very frame."""
        self.last = records.decide(self.record, self.state, frame, change, self.now, self.book, "test")
        self.state = self.last.state
        return self

    def wake(self) -> RecordStory:
        """Let the earliest timer fire at its due moment."""
        due, name = min(records.timers(self.record, self.state))
        self.now = max(self.now, due)
        self.last = records.fire(self.record, self.state, self.key, name, due, self.book, "test")
        self.state = self.last.state
        return self

    def ask(self, question: str, **args: Any) -> RecordStory:
        """Decide on a question of a rule on the deal, with its effect id as the change id."""
        effect_id = f"effect-{self.count + 1}"
        asked = c.AskItem(effect_id, "run-1", question, args, DEAL._replace(tenant=self.key.tenant).text)
        return self.when(asked, change_id=effect_id, actor="rule:r1", source="automation_rule")

    @property
    def told(self) -> tuple[str, str]:
        """Status and reason of the answer that the last question got."""
        events = [event for event in self.events if isinstance(event, ItemAnswered)]
        (found,) = events or [request.change for request in self.last.requests]
        return found.status, found.reason

    @property
    def body(self) -> Any:
        """What the record keeps."""
        return self.state.body


def record(kind: str, name: str = "1") -> RecordStory:
    """Return a story of a record without events, of a tenant with a pipeline and people."""
    return RecordStory(book_of(pipeline(), *PEOPLE), Key(TENANT, kind, name))
