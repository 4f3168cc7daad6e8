"""Given–when–then for items: a history of changes, one more change, and the events that it leads to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import load
from automation.definitions import models as m
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from automation.definitions.validation import check
from automation.envelope import Key
from automation.items import changes as c
from automation.items.decide import Outcome, decide, fire, timers
from automation.items.evolve import initial
from automation.items.process_changes import ControlProcess, StartProcess
from automation.items.state import ItemState

CATALOGUE = load(automation.rules, automation.triggers, automation.actions)
TENANT = "acme"
DEAL = Key(TENANT, "deal", "1")
STAGES = (
    m.Stage(id="new", title="New"),
    m.Stage(id="invoice_sent", title="Invoice sent"),
    m.Stage(id="assembly", title="Product assembly"),
    m.Stage(id="won", title="Won", kind="final_success"),
    m.Stage(id="lost", title="Lost", kind="final_failure"),
)
PEOPLE = (
    m.Department(id="sales", name="Sales", head="boss"),
    m.User(id="boss", name="Berta Boss", email="boss@acme.test", department="sales"),
    m.User(
        id="ann", name="Ann Example", email="ann@acme.test", department="sales", sending_addresses=("ann@acme.test",)
    ),
    m.User(id="old", name="Olaf Old", department="sales", active=False),
)


def pipeline(item_type: str = "deal", name: str = "main", *, default: bool = True) -> m.Pipeline:
    """Return a pipeline with the stages of the payment scenario."""
    return m.Pipeline(id=name, item_type=item_type, title=name, stages=STAGES, default=default)


def kind_of(made: m.Definition) -> str:
    """Return the kind under which a definition is kept."""
    return next(kind for kind, model in m.MODELS.items() if model is type(made))


def book_of(*made: m.Definition) -> Book:
    """Return a book with these definitions, applied one after the other."""
    book = Book(CATALOGUE)
    for definition in made:
        put(book, definition)
    return book


def put(book: Book, made: m.Definition, *, deleted: bool = False, at: int = 0) -> None:
    """Save a definition as the next record of the definitions log."""
    kind, name = kind_of(made), getattr(made, "id", None) or getattr(made, "item_type", "one")
    view = book.tenant(TENANT)
    old = view.versions.get((kind, name), 0) if view else 0
    body = "" if deleted else made.model_dump_json()
    saved = DefinitionSaved(TENANT, kind, name, old + 1, old, "ann", at, f"a{book.version}", True, deleted, body)
    book.apply(saved, book.version)


def rule(rule_id: str, type_: str, stage: str, params: Mapping[str, Any], **more: Any) -> m.Rule:
    """Return a rule of the main deal pipeline."""
    place = {"item_type": "deal", "pipeline": "main", **more}
    return m.Rule(id=rule_id, type=type_, stage=stage, params=dict(params), **place)


def trigger(trigger_id: str, type_: str, stage: str, **more: Any) -> m.Trigger:
    """Return a trigger of the main deal pipeline."""
    place = {"item_type": "deal", "pipeline": "main", **more}
    return m.Trigger(id=trigger_id, type=type_, stage=stage, **place)


def template(*steps: Mapping[str, Any], item_type: str = "deal", name: str = "process", **more: Any) -> m.Template:
    """Return a template with these steps, written as in YAML; a step without an id is called by its type."""
    named = [{"id": step["type"], **step} for step in steps]
    return m.Template.model_validate_json(json.dumps({"id": name, "item_type": item_type, "steps": named, **more}))


def action(type_: str, step_id: str = "", /, **params: Any) -> dict[str, Any]:
    """Return a step that runs an action with these parameters."""
    return {"id": step_id or type_, "type": type_, "params": params}


@dataclass
class Story:
    """An item with its history; `when` decides on one more change at a moment, and remembers what came of it."""

    book: Book
    key: Key = DEAL
    state: ItemState = field(default_factory=initial)
    now: int = 1_000
    count: int = 0
    last: Outcome = field(default_factory=lambda: Outcome(initial(), [], []))

    def frame(self, **more: Any) -> c.ChangeFrame:
        """Return the frame of the next change."""
        self.count += 1
        plain = c.ChangeFrame(
            f"change-{self.key.item_id}-{self.count}", *self.key, self.now, "manual", "user:ann", 0, "", "", 0, 0, b""
        )
        return plain._replace(**more)

    def when(self, change: c.ItemChange, **more: Any) -> Story:
        """Decide on a change; keyword arguments replace parts of its frame."""
        return self.repeat(self.frame(**more), change)

    def repeat(self, frame: c.ChangeFrame, change: c.ItemChange) -> Story:
        """Decide on a change with this very frame."""
        self.last = decide(self.state, frame, change, self.now, self.book, "test")
        self.state = self.last.state
        return self

    def run(self, type_: str, /, **params: Any) -> Story:
        """Start a process that consists of this one action."""
        put(self.book, template(action(type_, **params), item_type=self.key.item_type, name=f"run-{self.count}"))
        return self.begin(f"run-{self.count}")

    def begin(self, name: str = "process", /, **params: Any) -> Story:
        """Start a process by hand."""
        return self.when(StartProcess(name, params))

    def control(self, instance_id: str, act: str, place: str = "", **variables: Any) -> Story:
        """Do something with an instance; the only one if none is named."""
        named = instance_id or next(iter(self.state.processes))
        return self.when(ControlProcess(named, act, place, variables or None))

    def wake(self) -> Story:
        """Let the earliest timer fire at its due moment."""
        due, run_id = min(timers(self.state))
        self.now = max(self.now, due)
        self.last = fire(self.state, self.key, run_id, due, self.book, "test")
        self.state = self.last.state
        return self

    def answer(self, effect: Any, status: str = "completed", reason: str = "", **results: Any) -> Story:
        """Deliver the outcome of an effect."""
        outcome = c.ReportOutcome(effect.effect_id, effect.run_id, status, reason, results)
        return self.when(outcome, actor="system", source="system")

    @property
    def events(self) -> list[Any]:
        """The events of the last turn, without envelopes."""
        return [recorded.event for recorded in self.last.events]

    def only(self, kind: type) -> Any:
        """Return the one event of a type in the last turn."""
        (found,) = [event for event in self.events if isinstance(event, kind)]
        return found

    def kinds(self) -> list[str]:
        """Return the names of the events of the last turn."""
        return [type(event).__name__ for event in self.events]


def deal(*definitions: m.Definition, stage: str = "new", **fields: Any) -> Story:
    """Return a story of a deal in the main pipeline, for which Ann is responsible."""
    story = Story(book_of(pipeline(), *PEOPLE, *definitions))
    return story.when(c.CreateItem({"title": "Desk", **fields}, stage=stage, responsible="ann"))


def flaws(type_: str, params: Mapping[str, Any], *more: m.Definition) -> set[str]:
    """Return the paths of the errors that saving such a rule meets, beside the pipeline, the people and `more`."""
    base: dict[tuple[str, str], m.Definition] = {
        (kind_of(made), str(getattr(made, "id", "") or getattr(made, "item_type", ""))): made
        for made in (pipeline(), *PEOPLE, *more)
    }
    checked = check(CATALOGUE, TENANT, base, {("rule", "r"): rule("r", type_, "won", params)})
    return {flaw.path for flaw in checked.errors}


__all__ = ["deal", "replace"]
