"""What stands in the timeline of an item, and what in its journal (spec 1.12, 6.5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from automation.envelope import Envelope, Recorded
from automation.items import activity_events as a
from automation.items import effects
from automation.items import events as e
from automation.items import human_events as h
from automation.items import process_events as p
from automation.items.document_events import DocumentCreated
from automation.items.journal_events import JournalEntryAdded
from automation.items.lead_events import LeadMarkedRepeat
from automation.items.message_effects import SmsRequested
from automation.values import Moment, Value
from services.history.waits import WAIT

Facts: TypeAlias = Mapping[str, Value]


class TimelineEntry(NamedTuple):
    """One entry: who did what and when; `facts` are the values to show, by name."""

    version: int
    kind: str
    """`created`, `created_from`, `stage_changed`, `pipeline_changed`, `responsible_changed`, `comment`, `activity`,
    `activity_planned`, `activity_completed`, `activity_deleted`, `payment`, `invoice_paid`,
    `client_email`, `client_sms`, `document_created`, `process_started`, `process_ended`, `process_not_started`, `wait`
    `people_asked`, `people_decided` or `deleted`."""
    occurred_at: Moment
    recorded_at: Moment
    actor: str
    """A user, rule, trigger, process or `system`: origin of the entry."""
    on_behalf_of: str
    cause_id: str
    facts: Facts


class JournalEntry(NamedTuple):
    """One field of one save, before and after, or a record that a process has added.

    Row, observer and link changes are journalled under their own names; a record that was added has no field.
    """

    version: int
    field: str
    old: Any
    new: Any
    occurred_at: Moment
    recorded_at: Moment
    actor: str
    on_behalf_of: str
    cause_id: str
    kind: str = "field_changed"
    """Of a record that was added `information`, `phone_call` or `email_sent`."""
    text: Value = None
    """What such a record says."""
    created_by: str = ""
    """In whose name it was added."""


def timeline_entry(recorded: Recorded) -> TimelineEntry | None:
    """Return the entry of an event, or `None`: notifications, chats, rule runs and saves do not stand there."""
    describe = _TIMELINE.get(type(recorded.event))
    found = describe(recorded.event) if describe else None
    if found is None:
        return None
    kind, facts = found
    env = recorded.envelope
    return TimelineEntry(
        env.version, kind, env.occurred_at, env.recorded_at, env.actor, env.on_behalf_of, env.cause_id, facts
    )


def journal_entries(recorded: Recorded) -> list[JournalEntry]:
    """Return what an event adds to the journal: one entry for each field that it changed, or the record added."""
    env, event = recorded
    if isinstance(event, JournalEntryAdded):
        return [_journal(env, "", None, None)._replace(kind=event.kind, text=event.text, created_by=event.created_by)]
    describe = _JOURNAL.get(type(event))
    return [_journal(env, *change) for change in (describe(event) if describe else ())]


def _journal(env: Envelope, field: str, old: Any, new: Any) -> JournalEntry:
    return JournalEntry(
        env.version, field, old, new, env.occurred_at, env.recorded_at, env.actor, env.on_behalf_of, env.cause_id
    )


def _created(event: e.ItemCreated) -> tuple[str, Facts]:
    return "created", {"pipeline": event.pipeline, "stage": event.stage, "responsible": event.responsible}


def _linked(event: e.ItemLinked) -> tuple[str, Facts] | None:
    """Say on both items what was created from what: by the relation, the other one is the source or was created."""
    if event.link.relation not in ("source", "created"):
        return None
    facts: Facts = {"item_type": event.link.item_type, "item_id": event.link.item_id}
    return "created_from", facts if event.link.relation == "source" else {**facts, "created": True}


def _stage(event: e.StageMoved) -> tuple[str, Facts]:
    return "stage_changed", {"from_stage": event.from_stage, "to_stage": event.to_stage, "automated": event.automated}


def _pipeline(event: e.PipelineChanged) -> tuple[str, Facts]:
    return "pipeline_changed", {
        "from_pipeline": event.from_pipeline,
        "to_pipeline": event.to_pipeline,
        "from_stage": event.from_stage,
        "to_stage": event.to_stage,
        "automated": event.automated,
    }


def _responsible(event: e.ResponsibleChanged) -> tuple[str, Facts]:
    return "responsible_changed", {"old": event.old, "new": event.new}


def _comment(event: e.CommentAdded) -> tuple[str, Facts]:
    return "comment", {"comment_id": event.comment_id, "text": event.text, "created_by": event.created_by}


def _activity(event: e.ActivityRecorded) -> tuple[str, Facts]:
    return "activity", {"activity_id": event.activity_id, "activity": event.kind, "subject": event.subject}


def _planned(event: a.ActivityPlanned) -> tuple[str, Facts]:
    one = event.activity
    told: Facts = {"activity_id": one.activity_id, "activity": one.kind, "subject": one.subject, "place": one.place}
    when: Facts = {"start": one.start or None, "end": one.end or None, "description": one.description}
    return "activity_planned", {**told, **when, "responsible": one.responsible, "important": one.important}


def _activity_completed(event: a.ActivityCompleted) -> tuple[str, Facts]:
    return "activity_completed", {"activity_id": event.activity_id, "reason": event.reason}


def _activity_deleted(event: a.ActivityDeleted) -> tuple[str, Facts]:
    return "activity_deleted", {"activity_id": event.activity_id}


def _payment(event: e.PaymentNoted) -> tuple[str, Facts]:
    of: Facts = {"payment_id": event.payment_id, "order_id": event.order_id}
    return "payment", {**of, "status": event.status, "amount": event.amount, "link": event.link}


def _invoice(event: e.InvoicePaidNoted) -> tuple[str, Facts]:
    return "invoice_paid", {"invoice_id": event.invoice_id, "amount": event.amount}


def _email(event: effects.ClientEmailRequested) -> tuple[str, Facts]:
    addressed: Facts = {"to": event.to, "sender": event.sender, "subject": event.subject}
    return "client_email", {"effect_id": event.effect_id, **addressed, "text": event.text}


def _sms(event: SmsRequested) -> tuple[str, Facts] | None:
    if event.audience != "client":
        return None
    return "client_sms", {"effect_id": event.effect_id, "to": event.to, "text": event.text}


def _document(event: DocumentCreated) -> tuple[str, Facts]:
    named: Facts = {"document_id": event.document_id, "number": event.number, "title": event.title}
    files: Facts = {"template": event.template, "file": event.file, "pdf_file": event.pdf_file}
    return "document_created", {**named, **files, "created_by": event.created_by}


def _asked(event: h.PeopleAsked) -> tuple[str, Facts]:
    told: Facts = {"task_id": event.task_id, "asked": event.kind, "title": event.title}
    return "people_asked", {**told, "assignees": event.assignees, "deadline": event.deadline or None}


def _decided(event: h.PeopleDecided) -> tuple[str, Facts]:
    told: Facts = {"task_id": event.task_id, "asked": event.kind, "title": event.title, "decision": event.decision}
    return "people_decided", {**told, "decided_by": event.decided_by, "comment": event.comment}


def _process_started(event: p.ProcessStarted) -> tuple[str, Facts] | None:
    if event.parent:
        return None  # a part of another one
    return "process_started", {"instance_id": event.instance_id, "template": event.template_id, "by": event.started_by}


def _process_ended(event: p.ProcessEnded) -> tuple[str, Facts]:
    named: Facts = {"instance_id": event.instance_id, "outcome": event.outcome}
    return "process_ended", {**named, "cause": event.cause, "by": event.by}


def _not_started(event: p.ProcessNotStarted) -> tuple[str, Facts]:
    return "process_not_started", {"template": event.template_id, "reason": event.reason, "detail": event.detail}


def _wait(event: p.WaitNoted) -> tuple[str, Facts]:
    named: Facts = {"instance_id": event.instance_id, "run_id": event.run_id}
    return WAIT, {**named, "comment": event.comment, "until": event.until or None}


def _deleted(_: e.ItemDeleted) -> tuple[str, Facts]:
    return "deleted", {}


_TIMELINE: Mapping[type, Callable[[Any], tuple[str, Facts] | None]] = {
    e.ItemCreated: _created,
    e.ItemLinked: _linked,
    e.StageMoved: _stage,
    e.PipelineChanged: _pipeline,
    e.ResponsibleChanged: _responsible,
    e.CommentAdded: _comment,
    e.ActivityRecorded: _activity,
    a.ActivityPlanned: _planned,
    a.ActivityCompleted: _activity_completed,
    a.ActivityDeleted: _activity_deleted,
    e.PaymentNoted: _payment,
    e.InvoicePaidNoted: _invoice,
    effects.ClientEmailRequested: _email,
    SmsRequested: _sms,
    DocumentCreated: _document,
    h.PeopleAsked: _asked,
    h.PeopleDecided: _decided,
    p.ProcessStarted: _process_started,
    p.ProcessEnded: _process_ended,
    p.ProcessNotStarted: _not_started,
    p.WaitNoted: _wait,
    e.ItemDeleted: _deleted,
}

_JOURNAL: Mapping[type, Callable[[Any], list[tuple[str, Any, Any]]]] = {
    e.ItemCreated: lambda event: [(code, None, value) for code, value in event.fields.items()],
    e.FieldsChanged: lambda event: [(change.code, change.old, change.new) for change in event.changes],
    e.ResponsibleChanged: lambda event: [("responsible", event.old, event.new)],
    e.ObserversChanged: lambda event: [("observers", event.old, event.new)],
    e.ProductRowsChanged: lambda event: [("product_rows", event.old, event.new)],
    e.DetailsSaved: lambda event: [
        (f"details.{event.record_id}.{change.code}", change.old, change.new) for change in event.changes
    ],
    e.DetailsDeleted: lambda event: [
        (f"details.{event.record_id}.{code}", value, None) for code, value in event.old.items()
    ],
    e.LeadConverted: lambda _: [("converted", False, True)],
    LeadMarkedRepeat: lambda _: [("repeat", False, True)],
    e.ItemLinked: lambda event: [("link", None, event.link)],
    e.ItemUnlinked: lambda event: [("link", event.link, None)],
}
