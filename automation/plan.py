"""What a rule or step plans: the closed set of outcomes between the engine and the catalogue (design section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from automation.envelope import Key, stable_id
from automation.people import ItemRoles
from automation.values import Moment, Value

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView
    from automation.items.state import ItemState


@dataclass(frozen=True, slots=True)
class Answer:
    """The first outcome of a call: `completed`, `skipped` or `failed`, a reason code, and results."""

    status: str
    reason: str
    results: Mapping[str, Value]

    @property
    def ok(self) -> bool:
        """Say whether the call did what it was for."""
        return self.status == "completed"


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan may look at; nothing in it changes while the plan is made."""

    item: ItemState
    key: Key
    tenant: TenantView
    now: Moment
    run_id: str
    answers: Mapping[str, Answer]
    """By effect id."""
    origin: str = ""
    """Of a process step: `<template>/<step>`, the same for all instances; what they share is kept under it."""
    instance_id: str = ""
    """The process that the step belongs to; empty for rules."""

    @property
    def item_roles(self) -> ItemRoles:
        """Who stands for the item's roles (spec 1.10)."""
        return self.item.roles

    @property
    def link(self) -> str:
        """Path of the item form, for messages to open it from."""
        return f"/items/{self.key.text}"

    def effect_id(self, place: str) -> str:
        """Return the effect key of the call at a place of the step: the same however often the plan is asked."""
        return stable_id("effect", self.key.tenant, self.run_id, place, 0)

    def answer(self, place: str) -> Answer | None:
        """Return the answer to the call made at `place`, if it was made and answered."""
        return self.answers.get(self.effect_id(place))


@dataclass(frozen=True, slots=True)
class Completed:
    """The work is done: local events that do it, and the published results."""

    results: Mapping[str, Value] = field(default_factory=dict)
    events: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
    """Codes that the run log shows beside the outcome."""
    on_behalf_of: str = ""
    """The employee recorded as the author of the events (spec 6.4); the item's responsible if empty."""
    to_stage: str = ""
    """A stage of the item's pipeline that it enters once the work is recorded; empty to stay."""
    to_pipeline: str = ""
    """Another pipeline that it enters, at its first stage; all that runs on the item stops (spec 4.34)."""
    ends: bool = False
    """The process of the step ends, before the stage is entered (spec 4.35)."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was nothing to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The work could not be done, or not all of it: `events` are what was done all the same."""

    reason: str
    events: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Calls to be made outside the item; the plan is asked again when each of them has its first outcome."""

    effects: tuple[Any, ...]
    events: tuple[Any, ...] = ()
    patience: int = 0
    """Milliseconds that the answers may take beyond the usual deadline: a message may wait for quiet hours to end.

    Less than 0 where the spec gives them less time.
    """
    endless: bool = False
    """A subscription: the answers may take for ever, and are called off if the step ends without them."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Of a process step: rest until a moment or until something wakes it.

    The plan is asked again with an answer at `place`, whose reason is `timeout` or what happened.
    """

    place: str
    until: Moment
    """0 for no moment."""
    wakes: tuple[str, ...] = ()
    """`client_activity`."""
    effects: tuple[Any, ...] = ()
    """Subscriptions at other items; the answer to any of them wakes it, too."""
    events: tuple[Any, ...] = ()


Plan: TypeAlias = Completed | Skipped | Failed | Call | Wait
