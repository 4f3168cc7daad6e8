"""The action `bp_add_crm_event` (spec 4.4): a record of the History tab, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import process_events as p
from automation.items.journal_events import JournalEntryAdded
from automation.values import Personal
from services.history.timeline import journal_entries, timeline_entry
from tests.core.spec import Story, deal


def added(**params: Any) -> Story:
    """Return a deal on which a process has added a record."""
    return deal().run("bp_add_crm_event", **params)


@pytest.mark.parametrize("kind", ["information", "phone_call", "email_sent"])
def test_the_record_stands_in_the_journal_and_not_in_the_timeline(kind: str) -> None:
    """With its kind, its text and its author; nobody is called, no mail is sent."""
    story = added(event_type=kind, text="Called about {{field:title}}")
    (recorded,) = [one for one in story.last.events if isinstance(one.event, JournalEntryAdded)]
    (entry,) = journal_entries(recorded)

    assert (entry.kind, entry.text, entry.created_by) == (kind, Personal("Called about Desk"), "ann")
    assert (entry.field, entry.actor, entry.on_behalf_of) == ("", "process:run-1", "ann")
    assert timeline_entry(recorded) is None
    assert not [event for event in story.events if hasattr(event, "CHANNEL")]


def test_it_is_information_unless_said_otherwise_and_publishes_nothing() -> None:
    """The default of the kind."""
    story = added(text="x")
    assert story.only(JournalEntryAdded).kind == "information"
    assert story.only(p.StepCompleted).results == {}


def test_somebody_else_may_be_the_author() -> None:
    """Whoever is dismissed gives way to the responsible."""
    assert added(text="x", created_by="user:boss").only(JournalEntryAdded).created_by == "boss"
    assert added(text="x", created_by="user:old").only(JournalEntryAdded).created_by == "ann"


def test_a_text_that_is_empty_when_it_runs_is_missing() -> None:
    """The inserted field has no value."""
    assert added(text="{{field:comments}}").only(p.StepFailed).reason == "missing_value:text"
