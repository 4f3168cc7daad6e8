"""Whatever a process is made of and whatever happens to it: it ends or can be ended, and leaves nothing behind."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from automation.definitions import models as m
from automation.definitions import process_models as pm
from automation.envelope import Recorded
from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.items.decide import timers
from automation.items.effects import ItemAsked
from automation.items.evolve import evolve, initial
from automation.items.process_changes import ControlProcess, StartProcess
from automation.processes import engine
from automation.processes import timers as process_timers
from automation.processes.constructs import At
from automation.processes.state import Instance
from automation.values import Personal
from tests.core.spec import TENANT, deal, put, template

FIELDS = m.Fields(
    item_type="deal",
    fields=(
        m.FieldDef(code="colours", title="Colours", type="string", multiple=True),
        m.FieldDef(code="contact", title="Contact", type="string"),
    ),
)
LIMITS = m.Settings(process_limits=m.ProcessLimits(open=6, steps_per_hour=40))
VARIABLES = [{"code": "text", "type": "string", "default": ""}]
SUBSCRIPTIONS = ("await_stage", "await_activity", "ask_people")
ENDS = (p.StepCompleted, p.StepSkipped, p.StepFailed, p.StepCancelled)
START = StartProcess("process", {})
MOST_TURNS = 1_500
"""A process of this size that has not ended by then never does."""

# --- templates -----------------------------------------------------------------------------------------------

_DESK = {"field": "title", "op": "eq", "value": "Desk"}
_NEVER = {"field": "title", "op": "eq", "value": "Nothing"}
_GONE = {"field": "gone", "op": "eq", "value": "x"}
CONDITIONS = st.sampled_from([_DESK, _DESK, _NEVER, _GONE])
BLOCK = st.deferred(lambda: st.lists(STEP, min_size=1, max_size=3))
MAYBE = st.deferred(lambda: st.lists(STEP, max_size=2))


def _plain(type_: str, **params: Any) -> dict[str, Any]:
    return {"type": type_, "params": params}


WORK = st.sampled_from([
    _plain("bp_wait", interval_days=1),
    _plain("bp_wait", interval_days=3),
    _plain("bp_wait_for_deal_stage", stages=["assembly"]),
    _plain("bp_wait_for_deal_stage", deal_id="2", stages=["assembly"]),
    _plain("request_approval", title="May I?", assignees=["user:ann"]),
    _plain("bp_get_crm_data", entity_id="2", entity_type="deal", select_fields=["title"]),
    _plain("bp_add_comment", comment="Seen"),
    _plain("bp_change_status", new_status="nowhere"),
])  # fmt: skip
TIMEOUT = st.none() | st.builds(lambda steps: {"after": "36h", "steps": steps}, MAYBE)
ON_ERROR = st.none() | st.fixed_dictionaries({
    "retry": st.integers(0, 2), "retry_after": st.sampled_from(["1m", "2h"]),
    "then": st.sampled_from(["continue", "branch", "stop"]), "steps": MAYBE,
})  # fmt: skip


def _guarded(work: dict[str, Any], timeout: Any, on_error: Any) -> dict[str, Any]:
    found = {**work, **({"timeout": timeout} if timeout else {})}
    if on_error and on_error["then"] != "branch":
        on_error = {**on_error, "steps": []}
    return {**found, **({"on_error": on_error} if on_error else {})}


ACTION = st.builds(_guarded, WORK, TIMEOUT, ON_ERROR)
MOVE = st.sampled_from([
    {"type": "end"},
    _plain("bp_change_status", new_status="invoice_sent"),
    _plain("bp_change_pipeline", pipeline="other"),
])  # fmt: skip
SIMPLE = st.one_of(
    ACTION, ACTION, ACTION, MOVE,
    st.just({"type": "set", "values": {"text": "{{var:text}}x"}}),
    st.just({"type": "set", "values": {"text": "x"}}),
    st.builds(lambda wait: {"type": "process", "template": "child", "wait": wait}, st.booleans()),
)  # fmt: skip
SHORT = st.lists(
    st.one_of(st.sampled_from([_plain("bp_add_comment", comment="Quick"), {"type": "end"}]), ACTION),
    min_size=1,
    max_size=2,
)
NESTED = st.one_of(
    st.builds(
        lambda paths: {"type": "parallel", "join": "first", "paths": [{"steps": steps} for steps in paths]},
        st.lists(SHORT, min_size=2, max_size=3),
    ),
    st.builds(
        lambda when, steps, other: {"type": "if", "branches": [{"when": when, "steps": steps}], "otherwise": other},
        CONDITIONS, MAYBE, MAYBE,
    ),
    st.builds(
        lambda paths, join: {"type": "parallel", "join": join, "paths": [{"steps": steps} for steps in paths]},
        st.lists(BLOCK, min_size=1, max_size=3), st.sampled_from(["all", "first"]),
    ),
    st.builds(lambda when, most, steps: {"type": "while", "condition": when, "most": most, "steps": steps},
              CONDITIONS, st.integers(1, 2), BLOCK),
    st.builds(lambda steps: {"type": "bp_iterator", "source": "{{field:colours}}", "steps": steps}, BLOCK),
)  # fmt: skip
STEP: st.SearchStrategy[dict[str, Any]] = st.one_of(SIMPLE, SIMPLE, NESTED)


def _named(steps: list[dict[str, Any]], numbers: Iterator[int]) -> list[dict[str, Any]]:
    """Return the steps with an id each; what hypothesis shares between places is copied."""
    return [_with_id(step, numbers) for step in steps]


def _with_id(step: dict[str, Any], numbers: Iterator[int]) -> dict[str, Any]:
    made: dict[str, Any] = {**step, "id": f"s{next(numbers)}"}
    for name in ("steps", "otherwise"):
        if name in made:
            made[name] = _named(made[name], numbers)
    for name in ("branches", "paths"):
        if name in made:
            made[name] = [{**one, "steps": _named(one["steps"], numbers)} for one in made[name]]
    for name in ("timeout", "on_error"):
        if name in made:
            made[name] = {**made[name], "steps": _named(made[name]["steps"], numbers)}
    return made


def _template(steps: list[dict[str, Any]], name: str, **more: Any) -> m.Template:
    return template(*_named(steps, itertools.count()), name=name, variables=VARIABLES, results=["text"], **more)


TEMPLATES = st.tuples(
    st.builds(lambda first, steps: _template([first, *steps], "process", autostart_on_change=True), NESTED, BLOCK),
    st.builds(lambda steps: _template(steps, "child"), BLOCK),
)

# --- what happens --------------------------------------------------------------------------------------------


class Life:
    """An item with its whole log, and everything that must hold of it after every turn."""

    def __init__(self, main: m.Template, child: m.Template) -> None:
        more = m.Pipeline(id="other", item_type="deal", title="Other", stages=deal_stages())
        self.story = deal(FIELDS, LIMITS, more, child, main, colours=("red", "blue"), contact="c")
        self.log: list[Recorded] = list(self.story.last.events)
        self.handled: list[tuple[c.ChangeFrame, Any]] = []

    def tell(self, change: Any, **frame: Any) -> None:
        """Decide on a change, unless it is refused."""
        made = self.story.frame(**frame)
        try:
            self.story.repeat(made, change)
        except ChangeRefusedError:
            return
        self.handled.append((made, change))
        self._took()

    def wake(self) -> None:
        """Let the earliest timer fire."""
        if list(timers(self.story.state)):
            before = min(timers(self.story.state))
            self.story.wake()
            assert self.story.last.events, f"a timer does nothing, for ever: {before}"
            self._took()

    def answer(self, at: int, *, ok: bool) -> None:
        """Answer a call that is open."""
        waiting = self.calls()
        if waiting:
            effect_id, run_id = waiting[at % len(waiting)]
            status, results = ("completed", {"stage": "assembly", "decision": "approved"}) if ok else ("failed", {})
            told = c.ReportOutcome(effect_id, run_id, status, "" if ok else "item_not_found", results)
            self.tell(told, actor="system", source="system")

    def calls(self) -> list[tuple[str, str]]:
        """Return the calls that wait for an answer."""
        return [(name, run.run_id) for run in self.story.state.steps.values() for name in run.awaiting]

    def control(self, at: int, act: str) -> None:
        """Do something with one of the instances, where there is a place for it."""
        state = self.story.state
        if state.processes:
            instance_id = sorted(state.processes)[at % len(state.processes)]
            listed = sorted({
                *state.processes[instance_id].incidents,
                *(run.place for run in state.steps.values() if run.instance_id == instance_id),
            })  # fmt: skip
            place = listed[at % len(listed)] if listed else ""
            self.tell(ControlProcess(instance_id, act, place, {"text": "y"}))

    def switch(self, *, stopped: bool) -> None:
        """Stop the processes of the main template, or let them go on."""
        view = self.story.book.tenant(TENANT)
        assert view
        if bool(view.stops) != stopped:
            put(self.story.book, m.Stop(id="template:process"), deleted=not stopped)

    def redeliver(self, at: int) -> None:
        """Deliver a change again: nothing comes of it."""
        if self.handled:
            self.story.repeat(*self.handled[at % len(self.handled)])
            assert self.story.last.events == []

    def _took(self) -> None:
        self.log += self.story.last.events
        state = self.story.state
        assert all(run.instance_id in state.processes for run in state.steps.values())
        assert all(process_timers.owns(state, name) for _, name in process_timers.timers(state))
        for run in state.steps.values():
            children = [one for one in state.processes.values() if one.parent == f"{run.instance_id}/{run.place}"]
            assert run.wakes_at or run.awaiting or children, f"{run.place} waits for nothing"
        for instance in state.processes.values():
            self._check(instance)

    def _check(self, instance: Instance) -> None:
        """One token on every open path, none elsewhere, and never two at one place."""
        view = self.story.book.tenant(TENANT)
        assert view
        made = view.template_version(instance.template_id, instance.template_version)
        assert made
        runs = [run.place for run in self.story.state.steps.values() if run.instance_id == instance.instance_id]
        tokens = [*runs, *instance.held, *instance.incidents]
        assert tokens, "an instance that nothing can end"
        assert max(Counter(tokens).values()) == 1
        assert set(instance.retries) <= set(instance.held)

        def at(place: str) -> At:
            return At(made, instance, made.steps[place.partition("#")[0]], place)

        assert all(at(place).is_open for place in (*tokens, *instance.paths, *instance.loops))
        for place, paths in instance.paths.items():
            below = {self._slot(at(token), at(place)) for token in tokens if at(place).contains(token)}
            assert below == {int(path) for path in paths}, "a path without a step, or a step without its path"
        for place in instance.loops:
            assert any(at(place).contains(token) for token in tokens), "a loop that nothing goes round in"

    @staticmethod
    def _slot(token: At, parallel: At) -> int:
        step = token.step
        while step.owner != parallel.step.id:
            step = token.template.steps[step.owner]
        return step.slot

    def check_log(self) -> None:
        """Folding gives the same state; steps begin and end once; what was subscribed to is called off or answered."""
        state = initial()
        for recorded in self.log:
            state = evolve(state, recorded)
        assert state == self.story.state
        events = [recorded.event for recorded in self.log]
        begun = Counter(event.run_id for event in events if isinstance(event, p.StepStarted))
        ended = Counter(event.run_id for event in events if isinstance(event, ENDS))
        assert not [run for run, times in (begun + ended).items() if begun[run] > 1 or ended[run] > 1]
        over = Counter(event.instance_id for event in events if isinstance(event, p.ProcessEnded))
        assert all(times == 1 for times in over.values())
        self._check_subscriptions(events)

    def _check_subscriptions(self, events: list[Any]) -> None:
        asked = [event for event in events if isinstance(event, ItemAsked)]
        answered = {event.effect_id for event in events if isinstance(event, e.EffectAnswered)}
        off = {event.args["effect_id"] for event in asked if event.question == "withdraw"}
        left = {one.effect_id for one in asked if one.question in SUBSCRIPTIONS} - answered - off
        assert left <= {name for name, _ in self.calls()}, "somebody is still subscribed to"

    def finish(self) -> None:
        """Let all that is open be done: then every process ends by itself."""
        self.switch(stopped=False)
        for _ in range(MOST_TURNS):
            state = self.story.state
            if not state.processes:
                break
            self._move_on(state)
        assert (self.story.state.processes, self.story.state.steps) == ({}, {})

    def _move_on(self, state: Any) -> None:
        paused = [name for name, one in state.processes.items() if one.paused]
        broken = [(name, place) for name, one in state.processes.items() for place in one.incidents]
        if paused:
            self.tell(ControlProcess(paused[0], "resume"))
        elif broken:
            self.tell(ControlProcess(broken[0][0], "skip", broken[0][1]))
        elif self.calls():
            self.answer(0, ok=True)
            if self.calls():
                self.wake()
        else:
            assert list(timers(state)), "nothing is ever going to happen"
            self.wake()


def deal_stages() -> tuple[m.Stage, ...]:
    """Return the stages of another pipeline."""
    return m.Stage(id="first", title="First"), m.Stage(id="won", title="Won", kind="final_success")


_number = st.integers(0, 20)
OPERATIONS: st.SearchStrategy[Callable[[Life], None]] = st.one_of(
    st.just(Life.wake),
    st.just(Life.wake),
    st.just(lambda life: life.tell(START)),
    st.builds(lambda at, ok: lambda life: life.answer(at, ok=ok), _number, st.booleans()),
    st.builds(
        lambda at, act: lambda life: life.control(at, act),
        _number, st.sampled_from(["stop", "pause", "resume", "retry", "skip", "set"]),
    ),
    st.builds(lambda at: lambda life: life.redeliver(at), _number),
    st.builds(lambda on: lambda life: life.switch(stopped=on), st.booleans()),
    st.sampled_from([
        lambda life: life.tell(c.SaveItem({"title": "Desk"})),
        lambda life: life.tell(c.SaveItem({"title": "Chair"})),
        lambda life: life.tell(c.SaveItem({}, stage="assembly")),
        lambda life: life.tell(c.RecordActivity("a", "incoming_call", Personal("Hello"))),
        lambda life: life.tell(c.DeleteItem()),
    ]),
)  # fmt: skip


@settings(max_examples=60)
@given(TEMPLATES, st.lists(OPERATIONS, max_size=12), st.sampled_from([2, 5, engine.PORTION]))
def test_every_process_ends_and_leaves_nothing_behind(
    made: tuple[m.Template, m.Template], operations: list[Callable[[Life], None]], portion: int
) -> None:
    """However its steps are nested, and whatever happens to it; what runs itself without end is refused when saved."""
    assume(not any(isinstance(step, pm.ProcessStep) for _, step in pm.walk(made[1].steps)))
    with patch.object(engine, "PORTION", portion):
        life = Life(*made)
        life.tell(START)
        for operation in operations:
            operation(life)
        life.check_log()
        life.finish()
        life.check_log()
