"""What happens to business processes of an item (spec 1.3, 6.2, 6.3).

`place` names a step in an instance: its id, behind `#` the number of the round at every loop level (`mail#0.3`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automation.values import Moment, Value


@dataclass(frozen=True, slots=True)
class ProcessStarted:
    """An instance of a template began."""

    instance_id: str
    template_id: str
    template_version: int
    params: Mapping[str, Value]
    variables: Mapping[str, Value]
    """With their defaults."""
    started_by: str
    """`user:<id>`, `system`, `on_add`, `on_change`, or `process` for a sub-process."""
    parent: str = ""
    """`<instance>/<place>` of the step that runs it; empty for others."""
    waits: bool = False
    """The step of the parent waits for the end."""


@dataclass(frozen=True, slots=True)
class ProcessNotStarted:
    """A process that starts by itself could not; `reason` is `missing_parameters` or `too_many_processes` (5.2)."""

    template_id: str
    template_version: int
    reason: str
    detail: str = ""
    """The codes of the parameters."""


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """The instance is over: `completed`, or `cancelled` with its cause (6.3)."""

    instance_id: str
    outcome: str
    cause: str = ""
    by: str = ""
    """Who stopped it."""


@dataclass(frozen=True, slots=True)
class ProcessPaused:
    """No further step begins."""

    instance_id: str
    by: str


@dataclass(frozen=True, slots=True)
class ProcessResumed:
    """Steps begin again."""

    instance_id: str
    by: str


@dataclass(frozen=True, slots=True)
class StepHeld:
    """A step's turn came while none may begin; `due` is when it is tried again, 0 for the end of a pause."""

    instance_id: str
    place: str
    due: Moment
    attempt: int = 0
    """Which attempt it is; in place of one that was planned."""


@dataclass(frozen=True, slots=True)
class StepsReleased:
    """Steps that were held begin now."""

    instance_id: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The step waits: for answers until `deadline`, or until a moment or what else `wakes` it."""

    instance_id: str
    run_id: str
    place: str
    attempt: int
    deadline: Moment
    """0 for none."""
    timeout_at: Moment = 0
    """When the step has failed with `timeout`; 0 for never."""
    wakes: tuple[str, ...] = ()
    """What ends a rest: `time`, `client_activity`; empty where answers are waited for."""
    rests_at: str = ""
    """Effect key at which the plan finds what ended the rest."""


@dataclass(frozen=True, slots=True)
class StepRescheduled:
    """The step waits until another moment."""

    instance_id: str
    run_id: str
    deadline: Moment


@dataclass(frozen=True, slots=True)
class StepWoken:
    """A rest is over: `reason` is `timeout`, or what happened."""

    instance_id: str
    run_id: str
    place: str
    reason: str
    late_ms: int = 0
    """How long after its moment it was woken."""


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """The step did its work and publishes results."""

    instance_id: str
    run_id: str
    place: str
    results: Mapping[str, Value]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """The step had no work to do: `reason` is a reason code of the spec, or `skipped_by_hand`."""

    instance_id: str
    run_id: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The step could not do its work: `reason` is a reason code of the spec."""

    instance_id: str
    run_id: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepCancelled:
    """The step was stopped before its end."""

    instance_id: str
    run_id: str
    place: str
    cause: str


@dataclass(frozen=True, slots=True)
class StepRetryPlanned:
    """A failed step is tried once more."""

    instance_id: str
    run_id: str
    place: str
    attempt: int
    due: Moment


@dataclass(frozen=True, slots=True)
class IncidentRaised:
    """The path of the process waits at a failed step until somebody decides."""

    instance_id: str
    place: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class IncidentResolved:
    """Somebody decided: `how` is `retry` or `skip`."""

    instance_id: str
    place: str
    how: str
    by: str


@dataclass(frozen=True, slots=True)
class VariablesSet:
    """Variables have new values; `place` is empty where a person changed them."""

    instance_id: str
    place: str
    values: Mapping[str, Value]
    by: str = ""


@dataclass(frozen=True, slots=True)
class BranchTaken:
    """The number of the branch whose condition held; -1 where none did and there is nothing else to do."""

    instance_id: str
    place: str
    branch: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class PathsOpened:
    """Paths run side by side."""

    instance_id: str
    place: str
    count: int


@dataclass(frozen=True, slots=True)
class PathEnded:
    """One of them is at its end."""

    instance_id: str
    place: str
    path: int


@dataclass(frozen=True, slots=True)
class PathsJoined:
    """The process goes on behind them."""

    instance_id: str
    place: str
    stopped: tuple[str, ...] = ()
    """Parallel steps and loops on paths that did not come to their end."""


@dataclass(frozen=True, slots=True)
class RoundBegan:
    """A round of a loop began, counted from 0; the first one says what all of them are for."""

    instance_id: str
    place: str
    round: int
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopEnded:
    """The loop is over; `reason` is empty, or `loop_limit`."""

    instance_id: str
    place: str
    rounds: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitNoted:
    """What the timeline says of a wait; it is closed when the step of this run ends (spec 4.9)."""

    instance_id: str
    run_id: str
    comment: str
    until: Moment


# --- who waits for this item --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WaiterAdded:
    """Another item, or a process of this one, waits for one of the stages, or, without stages, for client activity."""

    effect_id: str
    run_id: str
    reply_to: str
    stages: tuple[str, ...]
    pipeline: str = ""
    """The one whose stages these are: another one may have stages of the same ids. Empty for any."""


@dataclass(frozen=True, slots=True)
class WaiterWithdrawn:
    """It waits no longer."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class WaitersReached:
    """What these wait for has happened; they are answered batch by batch."""

    effect_ids: tuple[str, ...]
    reached: str
