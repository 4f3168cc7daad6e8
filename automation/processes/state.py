"""What an item's state keeps of its business processes: what is open, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from automation.plan import Answer
from automation.values import Moment, Value

_NO_VALUES: Mapping[str, Value] = MappingProxyType({})
_NO_ANSWERS: Mapping[str, Answer] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Instance:
    """A running business process."""

    instance_id: str
    template_id: str
    template_version: int
    params: Mapping[str, Value]
    variables: Mapping[str, Value]
    cause_id: str
    root_id: str
    depth: int
    parent: str = ""
    """`<instance>/<place>` of the step that runs it."""
    waits: bool = False
    """That step waits for the end."""
    paused: bool = False
    results: Mapping[str, Value] = field(default_factory=lambda: _NO_VALUES)
    """`<step>.<name>`."""
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The open paths of parallel steps, as numbers, by place."""
    loops: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """What open iterators go through, by place."""
    held: Mapping[str, Moment] = field(default_factory=lambda: MappingProxyType({}))
    """Steps whose turn has come and that may not begin, by place, with the moment of the next try (0: none)."""
    incidents: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Places where somebody must decide, with the number of the failed attempt."""
    retries: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Which attempt a held step is, where it is not the first."""


@dataclass(frozen=True, slots=True)
class StepRun:
    """A step that has begun and not ended."""

    run_id: str
    instance_id: str
    place: str
    attempt: int
    due: Moment
    """When answers, or a rest, are over; of a retry, when it begins. 0 for never."""
    cause_id: str
    root_id: str
    depth: int
    timeout_at: Moment = 0
    retry: bool = False
    """Nothing has begun yet: this is the next attempt."""
    wakes: tuple[str, ...] = ()
    rests_at: str = ""
    awaiting: tuple[str, ...] = ()
    """Effect ids without an answer."""
    targets: tuple[str, ...] = ()
    """Keys of the items and records that were asked for them, in the same order; empty for other calls."""
    answers: Mapping[str, Answer] = field(default_factory=lambda: _NO_ANSWERS)

    @property
    def wakes_at(self) -> Moment:
        """When its timer is due; 0 for never."""
        return min((at for at in (self.due, self.timeout_at) if at), default=0)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A step, of whichever item, that waits for a stage of this one; without stages, for client activity."""

    run_id: str
    reply_to: str
    stages: tuple[str, ...]
    reached: str = ""
    """What is to be answered, once it has happened."""
    pipeline: str = ""
    """The one whose stages these are; empty for any."""
