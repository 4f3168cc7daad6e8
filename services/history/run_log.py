"""Each rule run and trigger firing of an item with its outcome, its reason and its calls (spec 6.1, 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from automation.envelope import Envelope, Recorded
from automation.items import events as e
from automation.values import Moment, Value

_NONE: Mapping[str, Value] = {}


class Call(NamedTuple):
    """One call out of the item; `status` is `running` until its outcome arrived, and `late` outcomes are kept too."""

    effect_id: str
    channel: str
    requested_at: Moment
    status: str = "running"
    reason: str = ""
    results: Mapping[str, Value] = _NONE
    tries: int = 0
    answered_at: Moment = 0


class RunEntry(NamedTuple):
    """One run of a rule: `status` is a state of spec 6.2, `reason` the code of a skip, failure or cancellation."""

    run_id: str
    rule_id: str
    rule_version: int
    stage: str
    """The stage in whose entry the rule ran."""
    entry: int
    status: str
    reason: str
    began_at: Moment
    ended_at: Moment
    """0 while it has not ended."""
    due: Moment
    """When a delayed run starts, or by when a running one has its answers; 0 for none."""
    results: Mapping[str, Value]
    calls: tuple[Call, ...]
    cause_id: str
    root_id: str
    definitions_version: int
    engine_release: str
    first_version: int
    enrolled_by: str = ""
    """Who enrolled the item in the rule, if the run did not follow from the stage entry."""
    notes: tuple[str, ...] = ()
    """Codes beside the outcome, such as `truncated`."""


class FiringEntry(NamedTuple):
    """One answer of a trigger to a fact: `moved` to a stage, `fired` without a move, or `skipped` for a reason."""

    trigger_id: str
    trigger_version: int
    fact_id: str
    status: str
    reason: str
    to_stage: str
    at: Moment
    cause_id: str
    root_id: str
    version: int


class RunLog(NamedTuple):
    """All runs and firings, in the order in which they began."""

    runs: tuple[RunEntry, ...]
    firings: tuple[FiringEntry, ...]


RunEvent: TypeAlias = (
    e.RuleRunDelayed
    | e.RuleRunRescheduled
    | e.RuleRunStarted
    | e.RuleRunCompleted
    | e.RuleRunSkipped
    | e.RuleRunFailed
    | e.RuleRunCancelled
)


def run_log(events: Iterable[Recorded]) -> RunLog:
    """Fold all events of an item, oldest first, into its run log."""
    folding = _Folding()
    for recorded in events:
        folding.take(recorded)
    return folding.finished()


class Calls:
    """The calls of runs and steps, with what became of them."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Call]] = {}

    def take(self, envelope: Envelope, event: Any) -> None:
        """Note a call, or an answer to one; any other event is nothing."""
        if isinstance(event, e.EffectAnswered):
            self._answer(envelope, event)
        elif hasattr(event, "CHANNEL"):
            call = Call(event.effect_id, event.CHANNEL, envelope.recorded_at)
            self._found.setdefault(event.run_id, {}).setdefault(event.effect_id, call)

    def _answer(self, envelope: Envelope, event: e.EffectAnswered) -> None:
        call = self._found.get(event.run_id, {}).get(event.effect_id)
        if call is None:
            return
        # The first outcome decides the step; what comes later (delivered, opened) is a fact beside it.
        if call.status == "running":
            call = call._replace(status=event.status, reason=event.reason, answered_at=envelope.recorded_at)
        call = call._replace(results={**call.results, **event.results}, tries=max(call.tries, event.tries))
        self._found[event.run_id][event.effect_id] = call

    def of(self, run_id: str) -> tuple[Call, ...]:
        """Return the calls of a run in the order in which they were made."""
        return tuple(self._found.get(run_id, {}).values())


class _Folding:
    def __init__(self) -> None:
        self.stages: dict[int, str] = {}
        self.runs: dict[str, RunEntry] = {}
        self.calls = Calls()
        self.firings: list[FiringEntry] = []

    def take(self, recorded: Recorded) -> None:
        envelope, event = recorded
        if isinstance(event, e.ItemCreated):
            self.stages[1] = event.stage
        elif isinstance(event, e.StageMoved | e.PipelineChanged):
            self.stages[event.entry] = event.to_stage
        elif isinstance(event, RunEvent):
            self._run(envelope, event)
        elif isinstance(event, e.RuleEnrolled):
            begun = _begun(envelope, event, self.stages.get(event.entry, ""))
            self.runs[event.run_id] = begun._replace(enrolled_by=event.by)
        elif isinstance(event, e.TriggerFired | e.TriggerSkipped):
            self.firings.append(_firing(envelope, event))
        else:
            self.calls.take(envelope, event)

    def _run(self, envelope: Envelope, event: RunEvent) -> None:
        known = self.runs.get(event.run_id) or _begun(envelope, event, self.stages.get(event.entry, ""))
        self.runs[event.run_id] = known._replace(**_OUTCOMES[type(event)](envelope, event))

    def finished(self) -> RunLog:
        runs = (run._replace(calls=self.calls.of(run.run_id)) for run in self.runs.values())
        return RunLog(tuple(runs), tuple(self.firings))


def _begun(envelope: Envelope, event: RunEvent | e.RuleEnrolled, stage: str) -> RunEntry:
    why = (envelope.cause_id, envelope.root_id, envelope.definitions_version, envelope.engine_release)
    what = (event.run_id, event.rule_id, event.rule_version, stage, event.entry)
    return RunEntry(*what, "pending", "", envelope.recorded_at, 0, 0, _NONE, (), *why, envelope.version)


def _firing(env: Envelope, event: e.TriggerFired | e.TriggerSkipped) -> FiringEntry:
    outcome, reason, stage = "skipped", "", ""
    if isinstance(event, e.TriggerSkipped):
        reason = event.reason
    else:
        outcome, stage = "moved" if event.to_stage else "fired", event.to_stage
    what = (event.trigger_id, event.trigger_version, event.fact_id)
    return FiringEntry(*what, outcome, reason, stage, env.recorded_at, env.cause_id, env.root_id, env.version)


def _ended(status: str) -> Callable[[Envelope, Any], dict[str, Any]]:
    def change(envelope: Envelope, event: Any) -> dict[str, Any]:
        reason = getattr(event, "reason", "") or getattr(event, "cause", "")
        results = getattr(event, "results", _NONE)
        return {
            "status": status,
            "reason": reason,
            "results": results,
            "notes": getattr(event, "notes", ()),
            "ended_at": envelope.recorded_at,
            "due": 0,
        }

    return change


_OUTCOMES: Mapping[type, Callable[[Envelope, Any], dict[str, Any]]] = {
    e.RuleRunDelayed: lambda _, event: {"status": "waiting", "due": event.due},
    e.RuleRunRescheduled: lambda _, event: {"due": event.due},
    e.RuleRunStarted: lambda _, event: {"status": "running", "due": event.deadline},
    e.RuleRunCompleted: _ended("completed"),
    e.RuleRunSkipped: _ended("skipped"),
    e.RuleRunFailed: _ended("failed"),
    e.RuleRunCancelled: _ended("cancelled"),
}
