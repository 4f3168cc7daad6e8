"""One business process of an item: what it is, and each of its steps with time, outcome and reason (spec 6.1, 6.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from automation.envelope import Envelope, Recorded
from automation.items import process_events as p
from automation.processes.state import Instance, StepRun
from automation.values import Moment, Value
from services.history.run_log import Call, Calls

_NONE: Mapping[str, Any] = {}
Why: TypeAlias = Callable[[Any, Recorded], Any]
"""Explains an event by the state before it; None for events without a reason to tell."""


class LogEntry(NamedTuple):
    """What happened in a process; a step's run is one entry from its beginning to its end."""

    kind: str
    """`step`, `process` (a sub-process began), `branch`, `paths`, `path_ended`, `joined`, `round`, `loop_ended`,
    `variables`, `paused`, `resumed`, `held`, `released`, `retry`, `incident`, `resolved` or `ended`."""
    version: int
    """Of the event with which it began."""
    place: str
    at: Moment
    ended_at: Moment
    """0 while a step has not ended."""
    status: str
    """Of a step: `running`, `waiting`, `completed`, `skipped`, `failed` or `cancelled`."""
    reason: str
    attempt: int
    due: Moment
    """When a rest, or the time for answers, is over; of a retry, when it begins. 0 for none."""
    by: str
    """Who did it, where it was a person."""
    facts: Mapping[str, Any]
    """Results of a step, new values of variables, the number of a branch or round…"""
    run_id: str = ""
    notes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    why: Any = None
    """Of a branch or loop: its conditions, with the values that they met."""


class Incident(NamedTuple):
    """Where somebody must decide."""

    place: str
    attempt: int
    reason: str
    raised_at: Moment


class ProcessEntry(NamedTuple):
    """One instance as it was at a moment, with its log until then."""

    instance_id: str
    template_id: str
    template_version: int
    status: str
    """`running`, `paused`, `completed` or `cancelled`."""
    started_by: str
    parent: str
    started_at: Moment
    ended_at: Moment
    cause: str
    ended_by: str
    params: Mapping[str, Value]
    variables: Mapping[str, Value]
    results: Mapping[str, Value]
    """By `<step>.<name>`."""
    loops: Mapping[str, tuple[str, ...]]
    """What open iterators go through, by place."""
    held: Mapping[str, Moment]
    current: tuple[StepRun, ...]
    """Steps that have begun and not ended."""
    incidents: tuple[Incident, ...]
    log: tuple[LogEntry, ...]
    version: int
    """Of the item, as of which this is."""


def process_entry(
    states: Iterable[tuple[Any, Recorded, Any]], instance_id: str, why: Why | None = None
) -> ProcessEntry | None:
    """Fold an item's events, each between the states before and after it, into one instance; None if it never began."""
    folding = _Folding(instance_id, why)
    for before, recorded, after in states:
        folding.take(before, recorded, after)
    return folding.finished()


class _Folding:
    def __init__(self, instance_id: str, why: Why | None) -> None:
        self.instance_id = instance_id
        self.why = why
        self.begun: tuple[Envelope, p.ProcessStarted] | None = None
        self.ended: tuple[Envelope, p.ProcessEnded] | None = None
        self.instance: Instance | None = None
        self.current: tuple[StepRun, ...] = ()
        self.incidents: dict[str, Incident] = {}
        self.log: list[LogEntry] = []
        self.runs: dict[str, int] = {}
        """Where the entry of a step's run is in the log."""
        self.calls = Calls()
        self.version = 0

    def take(self, before: Any, recorded: Recorded, after: Any) -> None:
        env, event = recorded
        self.version = env.version
        self.calls.take(env, event)
        if isinstance(event, p.ProcessStarted) and event.parent.partition("/")[0] == self.instance_id:
            self._add(env, "process", event.parent.partition("/")[2], **_child(event))
        if getattr(event, "instance_id", "") == self.instance_id:
            self._own(before, recorded)
            instance = after.processes.get(self.instance_id)
            self.instance = instance or self.instance
        if self.begun and not self.ended:
            self.current = tuple(run for run in after.steps.values() if run.instance_id == self.instance_id)

    def _own(self, before: Any, recorded: Recorded) -> None:
        env, event = recorded
        if isinstance(event, p.ProcessStarted):
            self.begun = (env, event)
        elif isinstance(event, p.ProcessEnded):
            self.ended, self.current = (env, event), ()
            self.incidents.clear()
            self._add(env, "ended", "", status=event.outcome, reason=event.cause, by=event.by)
        elif isinstance(event, p.IncidentRaised):
            self.incidents[event.place] = Incident(event.place, event.attempt, event.reason, env.recorded_at)
        elif isinstance(event, p.IncidentResolved):
            self.incidents.pop(event.place, None)
        told = _TOLD.get(type(event))
        if told is not None:
            why = self.why(before, recorded) if self.why else None
            kind, facts = told(event)
            self._add(env, kind, getattr(event, "place", ""), why=why, **facts)
        elif hasattr(event, "run_id"):
            self._step(env, event)

    def _add(self, env: Envelope, kind: str, place: str, **more: Any) -> None:
        at = env.recorded_at
        blank = LogEntry(kind, env.version, place, at, at, "", "", 0, 0, "", _NONE)
        self.log.append(blank._replace(**more))

    def _step(self, env: Envelope, event: Any) -> None:
        """Begin, change or end the entry of a step's run."""
        change = _RUN.get(type(event))
        if change is None:
            return
        at = self.runs.get(event.run_id)
        if at is None:
            at = self.runs[event.run_id] = len(self.log)
            self._add(env, "step", event.place, ended_at=0, run_id=event.run_id)
        changed = change(event)
        if changed.get("status") in _ENDS:
            changed = {**changed, "ended_at": env.recorded_at, "due": 0}
        old = self.log[at]
        if isinstance(event, p.StepStarted) and old.status == "pending":
            changed = {**changed, "at": env.recorded_at}  # a planned retry has begun
        self.log[at] = old._replace(**changed)

    def finished(self) -> ProcessEntry | None:
        if self.begun is None or self.instance is None:
            return None
        (env, started), held = self.begun, self.instance
        ended_at, cause, by = (
            (self.ended[0].recorded_at, self.ended[1].cause, self.ended[1].by) if self.ended else (0, "", "")
        )
        status = self.ended[1].outcome if self.ended else "paused" if held.paused else "running"
        log = tuple(entry._replace(calls=self.calls.of(entry.run_id)) if entry.run_id else entry for entry in self.log)
        return ProcessEntry(
            self.instance_id, started.template_id, started.template_version, status, started.started_by,
            started.parent, env.recorded_at, ended_at, cause, by, held.params, held.variables, held.results,
            held.loops, {} if self.ended else held.held, self.current, tuple(self.incidents.values()), log,
            self.version,
        )  # fmt: skip


_ENDS = frozenset({"completed", "skipped", "failed", "cancelled"})
_RUN: Mapping[type, Callable[[Any], dict[str, Any]]] = {
    p.StepStarted: lambda e: {
        "status": "waiting" if e.wakes else "running", "attempt": e.attempt, "due": e.deadline,
        "facts": ({"wakes": e.wakes} if e.wakes else {}) | ({"timeout_at": e.timeout_at} if e.timeout_at else {}),
    },
    p.StepRescheduled: lambda e: {"due": e.deadline},
    p.StepRetryPlanned: lambda e: {"status": "pending", "attempt": e.attempt, "due": e.due},
    p.StepWoken: lambda e: {"status": "running", "facts": {"woken_by": e.reason, "late_ms": e.late_ms}},
    p.StepCompleted: lambda e: {"status": "completed", "facts": e.results, "notes": e.notes},
    p.StepSkipped: lambda e: {"status": "skipped", "reason": e.reason},
    p.StepFailed: lambda e: {"status": "failed", "reason": e.reason},
    p.StepCancelled: lambda e: {"status": "cancelled", "reason": e.cause},
}  # fmt: skip


def _child(event: p.ProcessStarted) -> dict[str, Any]:
    return {"facts": {"instance_id": event.instance_id, "template_id": event.template_id, "params": event.params}}


_TOLD: Mapping[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    p.ProcessPaused: lambda e: ("paused", {"by": e.by}),
    p.ProcessResumed: lambda e: ("resumed", {"by": e.by}),
    p.StepHeld: lambda e: ("held", {"due": e.due}),
    p.StepsReleased: lambda e: ("released", {"facts": {"places": e.places}}),
    p.IncidentRaised: lambda e: ("incident", {"attempt": e.attempt, "reason": e.reason}),
    p.IncidentResolved: lambda e: ("resolved", {"by": e.by, "facts": {"how": e.how}}),
    p.VariablesSet: lambda e: ("variables", {"by": e.by, "facts": e.values}),
    p.BranchTaken: lambda e: ("branch", {"facts": {"branch": e.branch, "title": e.title}}),
    p.PathsOpened: lambda e: ("paths", {"facts": {"count": e.count}}),
    p.PathEnded: lambda e: ("path_ended", {"facts": {"path": e.path}}),
    p.PathsJoined: lambda _: ("joined", {}),
    p.RoundBegan: lambda e: ("round", {"facts": {"round": e.round, **({"values": e.values} if e.values else {})}}),
    p.LoopEnded: lambda e: ("loop_ended", {"reason": e.reason, "facts": {"rounds": e.rounds}}),
}
