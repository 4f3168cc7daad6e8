"""What arrives in `crm.changes`: proposals of CRM platforms, requests of other items, answers (design section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from automation.envelope import Key
from automation.items.activity_changes import CompleteActivity, DeleteActivity, PlanActivity
from automation.items.parts import Link, ProductRow
from automation.items.process_changes import ControlProcess, StartProcess
from automation.values import Moment, Money, Personal, Value


class ChangeFrame(NamedTuple):
    """What every change carries beside its content."""

    change_id: str
    """Chosen by the sender; a repeat is dropped and counted."""
    tenant: str
    item_type: str
    item_id: str
    occurred_at: Moment
    source: str
    """A `Source` of spec 5.2."""
    actor: str
    """`user:<id>`, `rule:<id>`…, or empty for the platform itself."""
    source_seq: int
    """The sender's own number per item, from 1; 0 where it does not number its changes."""
    cause_id: str
    """The event that led to this change; empty for outside changes."""
    root_id: str
    depth: int
    definitions_version: int
    """The change is decided with at least these definitions; 0 for any."""
    signature: bytes
    """Keyed hash of requests, answers and outcomes, which only Stagewire's services may send; else empty."""

    @property
    def key(self) -> Key:
        """The key of the item that the change is about."""
        return Key(self.tenant, self.item_type, self.item_id)


@dataclass(frozen=True, slots=True)
class CreateItem:
    """Create the item; an empty pipeline or stage means the default one or its first stage."""

    fields: Mapping[str, Value]
    pipeline: str = ""
    stage: str = ""
    responsible: str = ""
    observers: tuple[str, ...] = ()
    rows: tuple[ProductRow, ...] = ()
    links: tuple[Link, ...] = ()
    run_automation: bool = False
    """Runs rules and triggers although the source is `file_import` (spec 6.1)."""
    process_params: Mapping[str, Value] = field(default_factory=dict)
    """Start parameters of processes that start by themselves, by `<template>.<code>` (spec 5.2)."""


@dataclass(frozen=True, slots=True)
class SaveItem:
    """One save of an existing item: what is `None` or absent stays as it is."""

    fields: Mapping[str, Value]
    pipeline: str | None = None
    stage: str | None = None
    responsible: str | None = None
    observers: tuple[str, ...] | None = None
    rows: tuple[ProductRow, ...] | None = None
    link: tuple[Link, ...] = ()
    unlink: tuple[Link, ...] = ()
    run_automation: bool = False
    process_params: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """Delete the item."""


@dataclass(frozen=True, slots=True)
class AddComment:
    """Add a comment to the timeline."""

    text: Personal


@dataclass(frozen=True, slots=True)
class SaveDetails:
    """Make or change a details record of the contact or company; an existing one keeps its template."""

    record_id: str
    template: str
    values: Mapping[str, Value]
    """By field code, or `<address type>.<part>`; what is absent stays as it is, None empties."""


@dataclass(frozen=True, slots=True)
class DeleteDetails:
    """Delete a details record."""

    record_id: str


@dataclass(frozen=True, slots=True)
class RecordActivity:
    """Report a client activity (spec 1.16)."""

    activity_id: str
    kind: str
    subject: Personal


@dataclass(frozen=True, slots=True)
class ReportEmailSeen:
    """The client opened a tracked e-mail, or followed a link in it; from `gateway`, signed (spec 2.3, 4.32)."""

    effect_id: str
    """Of the e-mail."""
    kind: str
    """`opened` or `clicked`."""
    seen_id: str
    """Names this opening or click."""
    link: str
    """Where a click led; else empty."""


@dataclass(frozen=True, slots=True)
class ReportPayment:
    """A payment document of the item or of a linked order took a new state; from `payment_tracker`, signed."""

    payment_id: str
    order_id: str
    status: str
    amount: Money
    link: str


@dataclass(frozen=True, slots=True)
class AskItem:
    """A question or fact of another item; signed. Answered with `ReportOutcome` to `reply_to` unless that is empty."""

    effect_id: str
    run_id: str
    question: str
    args: Mapping[str, Value]
    reply_to: str
    on_behalf_of: str = ""
    """In whose name the other item acts (spec 6.4)."""


@dataclass(frozen=True, slots=True)
class RequestItem:
    """Another item asks for this one to be created (`CreationRequested`); signed. Answered like a question."""

    effect_id: str
    run_id: str
    reply_to: str
    fields: Mapping[str, Value]
    pipeline: str = ""
    stage: str = ""
    responsible: str = ""
    observers: tuple[str, ...] = ()
    rows: tuple[ProductRow, ...] = ()
    links: tuple[Link, ...] = ()
    on_behalf_of: str = ""
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """The outcome of an effect; from `notifier`, `payment_tracker`, `history` or another item, signed."""

    effect_id: str
    run_id: str
    status: str
    """`completed`, `skipped` or `failed`."""
    reason: str
    results: Mapping[str, Value]
    tries: int = 1


@dataclass(frozen=True, slots=True)
class EnrolItem:
    """Run a rule on an item that stood in its stage before the rule did; from `gateway`, signed."""

    rule_id: str
    rule_version: int
    """The version that was previewed; another one in force is not run."""
    enrolment_id: str
    by: str
    """Who asked for it."""


ItemChange: TypeAlias = (
    CreateItem
    | SaveItem
    | DeleteItem
    | AddComment
    | RecordActivity
    | ReportEmailSeen
    | ReportPayment
    | AskItem
    | ReportOutcome
    | PlanActivity
    | CompleteActivity
    | DeleteActivity
    | EnrolItem
    | SaveDetails
    | DeleteDetails
    | RequestItem
    | StartProcess
    | ControlProcess
)

SIGNED: tuple[type, ...] = (ReportEmailSeen, ReportPayment, AskItem, ReportOutcome, EnrolItem, RequestItem)
"""Changes that only Stagewire's own services may send: refused without a valid signature."""
