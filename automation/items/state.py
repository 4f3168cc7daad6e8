"""The state of an item: what a later decision can read, and no more (design section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from automation.envelope import Key, stable_id
from automation.items.admission_state import Held
from automation.items.parts import Link, OpenTask, ProductRow
from automation.people import ItemRoles
from automation.plan import Answer
from automation.processes.state import Instance, StepRun, Waiter
from automation.seen import digest, position
from automation.values import Moment, Money, Personal, Value


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment document of the item or of a linked order; `requested` while it is being created."""

    order_id: str
    status: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Run:
    """A rule run that has begun and not ended: delayed until `due`, or waiting for answers until `due`."""

    run_id: str
    rule_id: str
    rule_version: int
    entry: int
    status: str
    """`delayed` or `running`."""
    due: Moment
    awaiting: tuple[str, ...]
    """Effect ids without an answer."""
    answers: Mapping[str, Answer]
    cause_id: str
    root_id: str
    depth: int
    follows: str = ""
    """Code of the date field that a delay follows; its `due` is 0 while that is empty."""


@dataclass(frozen=True, slots=True)
class OpenActivity:
    """A planned activity that is neither completed nor deleted."""

    activity_id: str
    kind: str
    subject: Personal
    start: Moment
    responsible: str
    complete_on_status_change: bool
    remind_at: Moment
    """0: there is no reminder, or it was sent."""
    cause_id: str
    """The event that planned it."""


@dataclass(frozen=True, slots=True)
class Details:
    """A details record (spec 1.14): values by field code, those of addresses by `<address type>.<part>`."""

    template: str
    values: Mapping[str, Value]


_NONE: Mapping[str, Any] = MappingProxyType({})


class ItemState(NamedTuple):
    """The fold of an item's events; a NamedTuple because one is made for every event."""

    tenant: str = ""
    item_type: str = ""
    item_id: str = ""
    version: int = 0
    recorded_at: Moment = 0
    deleted: bool = False
    pipeline: str = ""
    stage: str = ""
    entry: int = 0
    """Stage entries so far."""
    entry_definitions: int = 0
    """The definitions version that the stage entry is pinned to (spec 6.3)."""
    entry_cause: str = ""
    """The event that entered the stage."""
    entry_root: str = ""
    entry_depth: int = 0
    quiet: bool = False
    """The stage entry runs no rules: source `system`, or an import that did not opt in (spec 6.1)."""
    fields: Mapping[str, Value] = _NONE
    responsible: str = ""
    creator: str = ""
    observers: tuple[str, ...] = ()
    rows: tuple[ProductRow, ...] = ()
    links: tuple[Link, ...] = ()
    payments: Mapping[str, Payment] = _NONE
    runs: Mapping[str, Run] = _NONE
    """Open runs by run id."""
    ended: tuple[str, ...] = ()
    """Rules of this stage entry that have ended."""
    results: Mapping[str, Value] = _NONE
    """`<rule id>.<name>` of this stage entry (spec 1.7)."""
    seen: bytes = b""
    """The last changes handled, 16 bytes each."""
    source_seq: int = 0
    moves: tuple[Moment, ...] = ()
    """Automated stage moves of the last hour, for the loop guard (spec 6.1)."""
    alerted_at: Moment = 0
    """When the responsible was last told of a loop."""
    activities: Mapping[str, OpenActivity] = _NONE
    """Planned activities by id."""
    inactive: tuple[str, ...] = ()
    """Rules of this stage entry that were cancelled as inactive: they may still be enrolled in."""
    opened: bytes = b""
    """E-mails that the client has opened, 16 bytes each."""
    details: Mapping[str, Details] = _NONE
    """The details records of a contact or company by id."""
    converted: bool = False
    """Of a lead: everything chosen was created from it (spec 4.19)."""
    told: Mapping[str, Moment] = _NONE
    """When the responsible was last told that a rule failed, by rule; of the last hour."""
    processes: Mapping[str, Instance] = _NONE
    """Running business processes by instance id."""
    steps: Mapping[str, StepRun] = _NONE
    """Their steps that have begun and not ended, by run id."""
    worked_hour: int = 0
    """The hour, counted since the epoch, in which a process last ended a step or began a round of a loop."""
    worked_steps: int = 0
    """How many of both there were in it."""
    waiters: Mapping[str, Waiter] = _NONE
    """Steps, of whichever item, that wait for something of this one, by effect id."""
    tasks: Mapping[str, OpenTask] = _NONE
    """The open tasks that automation made for the item, by id (spec 4.30)."""
    held: tuple[Held, ...] = ()
    """Of an item that waits for the exceptions list: its creation, and what came behind it; it is `deleted` so long."""
    asked: tuple[str, ...] = ()
    """The questions to the list that have no answer yet."""
    refused: bool = False
    """It was not created: someone behind it is on the list. A later creation may succeed."""
    amount_computed: bool = False
    """The amount is the sum of the product rows: no save has given it (spec 4.2)."""
    repeat: bool = False
    """Of a lead: its client is known already (spec 4.20, 4.22)."""
    created_at: Moment = 0
    """When the item was created; 0: before this was kept."""

    @property
    def key(self) -> Key:
        """The item's key."""
        return Key(self.tenant, self.item_type, self.item_id)

    @property
    def roles(self) -> ItemRoles:
        """Who stands for the item's roles (spec 1.10)."""
        return {"responsible": (self.responsible,), "creator": (self.creator,), "observers": self.observers}

    @property
    def orders(self) -> tuple[str, ...]:
        """The ids of the orders that are linked, or have payments that the item was told of; each once."""
        linked = [link.item_id for link in self.links if link.item_type == "order"]
        return tuple(dict.fromkeys((*linked, *(p.order_id for p in self.payments.values() if p.order_id))))

    @property
    def exists(self) -> bool:
        """Say whether the item was created and not deleted."""
        return self.version > 0 and not self.deleted

    def linked(self, item_type: str) -> str:
        """Return the id of the primary contact or company: the field, else the first `client` link; else empty."""
        chosen = self.fields.get(item_type)
        if isinstance(chosen, str) and chosen:
            return chosen
        return next((k.item_id for k in self.links if k.item_type == item_type and k.relation == "client"), "")


def has_seen(state: ItemState, change_id: str) -> bool:
    """Say whether the change is among the last that the item handled."""
    return position(state.seen, digest(change_id)) >= 0


def run_id_of(state: ItemState, rule_id: str, entry: int) -> str:
    """Return the run key of spec 6.1: item, stage-entry number, rule."""
    return stable_id("run", state.tenant, state.item_type, state.item_id, entry, rule_id)
