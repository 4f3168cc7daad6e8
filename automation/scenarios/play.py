"""Play a scenario through the engine's own decisions, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from automation.catalogue import Entry
from automation.definitions.book import Book
from automation.definitions.models import Definition
from automation.definitions.saved import DefinitionSaved, body_of
from automation.definitions.validation import DefinitionId
from automation.envelope import Key, Recorded, stable_id
from automation.errors import ChangeRefusedError
from automation.given import creation, value_of
from automation.items import changes as c
from automation.items import effects
from automation.items.decide import Outcome, decide, fire, timers
from automation.items.evolve import initial
from automation.items.invoices import FIELD_PREFIX
from automation.items.process_changes import ControlProcess, StartProcess
from automation.items.state import ItemState
from automation.processes.places import step_of
from automation.scenarios.model import (
    Activity,
    Answer,
    Control,
    InvoicePaid,
    Payment,
    Save,
    Scenario,
    Start,
)
from automation.values import Money, Personal

TENANT = "test"
MOST_TIMERS = 1_000
"""Timers that one `wait` lets fire: more is a loop."""


class Played(NamedTuple):
    """What came of the steps, without what the given item was made of; `refused` says why a step was not taken."""

    state: ItemState
    events: list[Recorded]
    refused: str = ""


def book_of(
    catalogue: Mapping[str, Entry], definitions: Mapping[DefinitionId, Definition], tenant: str = TENANT
) -> Book:
    """Return a book with these definitions in force, for tests of them."""
    book, last = Book(catalogue), len(definitions) - 1
    for at, ((kind, name), made) in enumerate(definitions.items()):
        saved = DefinitionSaved(tenant, kind, name, 1, 0, "test", 0, "test", at == last, False, body_of(made))
        book.apply(saved, at)
    return book


def to_itself(recorded: Recorded) -> bool:
    """Say whether the item asks or answers itself, as a process does that waits for a stage of its own item."""
    event = recorded.event
    target = {effects.ItemAsked: "target", effects.ItemAnswered: "reply_to"}.get(type(event), "")
    return bool(target) and getattr(event, target) == recorded.envelope.key.text


def play(book: Book, scenario: Scenario) -> Played:
    """Return what comes of a scenario."""
    player = _Player(book, scenario)
    for number, step in enumerate(scenario.when, 1):
        name, content = step.what
        try:
            player.step(name, content)
        except ChangeRefusedError as refused:
            return Played(player.state, player.events, f"when[{number - 1}].{name}: {refused.reason}: {refused.detail}")
    return Played(player.state, player.events)


class _Player:
    def __init__(self, book: Book, scenario: Scenario) -> None:
        self.book = book
        self.item = scenario.item
        self.key = Key(TENANT, scenario.item.item_type, scenario.item.id)
        self.now = scenario.at
        self.state = initial()
        self.events: list[Recorded] = []
        self.count = 0

    def step(self, name: str, content: Any) -> None:
        if not self.count and name != "create":
            self.change(creation(self.item), "system", "")  # quietly: no rule has run on the given item
            self.events.clear()
        steps: Mapping[str, Callable[[Any], None]] = {
            "create": lambda _: self.change(creation(self.item)),
            "save": self.save,
            "delete": lambda _: self.change(c.DeleteItem()),
            "comment": lambda text: self.change(c.AddComment(Personal(text))),
            "activity": self.activity,
            "payment": self.payment,
            "invoice_paid": self.invoice_paid,
            "start": self.start,
            "control": self.control,
            "answer": self.answer,
            "wait": self.wait,
        }
        steps[name](content)
        self.fire_until(self.now)

    def change(self, change: c.ItemChange, source: str = "manual", actor: str = "user:test") -> None:
        self.count += 1
        name = f"change-{self.count}"
        frame = c.ChangeFrame(name, *self.key, self.now, source, actor, 0, "", name, 0, 0, b"")
        self.take(decide(self.state, frame, change, self.now, self.book, ""))

    def take(self, outcome: Outcome) -> None:
        self.state = outcome.state
        self.events += outcome.events
        for recorded in outcome.events:
            if to_itself(recorded):
                self.deliver(recorded)

    def deliver(self, recorded: Recorded) -> None:
        """Let the item have what it asked or answered itself."""
        env, event = recorded
        if isinstance(event, effects.ItemAsked):
            reply_to = self.key.text if event.run_id else ""
            change: c.ItemChange = c.AskItem(event.effect_id, event.run_id, event.question, event.args, reply_to)
            name = event.effect_id
        else:
            change = c.ReportOutcome(event.effect_id, event.run_id, event.status, event.reason, event.results)
            name = stable_id("answer", event.effect_id)
        frame = c.ChangeFrame(
            name, *self.key, self.now, env.source, env.actor, 0, env.event_id, env.root_id, env.depth, 0, b""
        )
        self.take(decide(self.state, frame, change, self.now, self.book, ""))

    def save(self, given: Save) -> None:
        fields = {code: value_of(raw) for code, raw in given.fields.items()}
        observers = None if given.observers is None else tuple(given.observers)
        made = c.SaveItem(fields, given.pipeline, given.stage, given.responsible, observers)
        self.change(made, given.source, f"user:{given.user or 'test'}")

    def activity(self, given: Activity) -> None:
        self.change(c.RecordActivity(f"activity-{self.count}", given.kind, Personal(given.subject)))

    def payment(self, given: Payment) -> None:
        amount = _money(given.amount)
        self.change(c.ReportPayment(given.payment_id, given.order_id, given.status, amount, ""), "app", "system")

    def invoice_paid(self, given: InvoicePaid) -> None:
        fields = {f"{FIELD_PREFIX}{code}": value_of(raw) for code, raw in given.fields.items()}
        args = {"invoice_id": given.invoice_id, "amount": _money(given.amount), **fields}
        effect_id = stable_id("invoice", self.count)
        self.change(c.AskItem(effect_id, "", "invoice_paid", args, ""), "app", "system")

    def start(self, given: Start) -> None:
        params = {code: value_of(raw) for code, raw in given.params.items()}
        self.change(StartProcess(given.template, params), actor=f"user:{given.user or 'test'}")

    def control(self, given: Control) -> None:
        found = [one for one in self.state.processes.values() if one.template_id == given.template]
        if not found:
            raise ChangeRefusedError("unknown_process", f"no process of {given.template} runs")
        values = {code: value_of(raw) for code, raw in given.variables.items()} or None
        for one in found:
            place = next((at for at in self.places(one.instance_id) if step_of(at) == given.step), given.step)
            self.change(ControlProcess(one.instance_id, given.action, place, values, given.reason))

    def places(self, instance_id: str) -> list[str]:
        """Return where the instance waits: at steps, and at incidents."""
        waiting = [run.place for run in self.state.steps.values() if run.instance_id == instance_id]
        return waiting + list(self.state.processes[instance_id].incidents)

    def answer(self, given: Answer) -> None:
        asked = self.asked(given)
        if not asked:
            who = f"step {given.step}" if given.step else f"rule {given.rule}"
            raise ChangeRefusedError("nothing_to_answer", f"{who} has made no call that is open")
        results = {name: value_of(raw) for name, raw in given.results.items()}
        for effect_id, run_id in asked:
            told = c.ReportOutcome(effect_id, run_id, given.status, given.reason, results)
            self.change(told, "system", "system")

    def asked(self, given: Answer) -> list[tuple[str, str]]:
        """Return the open calls of a rule or step, each with its run."""
        runs = [(one.awaiting, one.run_id) for one in self.state.runs.values() if one.rule_id == given.rule]
        for one in self.state.steps.values():
            process = self.state.processes[one.instance_id]
            if f"{process.template_id}/{step_of(one.place)}" == given.step:
                runs.append((one.awaiting, one.run_id))
        return [(effect_id, run_id) for awaiting, run_id in runs for effect_id in awaiting]

    def wait(self, span: int) -> None:
        end = self.now + span
        self.fire_until(end)
        self.now = end

    def fire_until(self, end: int) -> None:
        """Let happen what is due by then."""
        for _ in range(MOST_TIMERS):
            due, timer = min(timers(self.state), default=(end + 1, ""))
            if due > end:
                break
            self.now = max(self.now, due)
            self.take(fire(self.state, self.key, timer, self.now, self.book, ""))


def _money(raw: Mapping[str, Any]) -> Money:
    found = value_of(raw)
    if not isinstance(found, Money):
        raise ChangeRefusedError("invalid_value", "amount: an amount is {minor, currency}")
    return found
