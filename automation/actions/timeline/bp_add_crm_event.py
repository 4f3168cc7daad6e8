"""Add a record to the journal of the item's History tab (spec 4.4)."""

from __future__ import annotations

from typing import Literal

from automation.catalogue import Entry, Params
from automation.commenting import author_of
from automation.envelope import CRM_ALL, stable_id
from automation.items.journal_events import JournalEntryAdded
from automation.params import PlainText, UserRef
from automation.plan import Completed, Context, Plan
from automation.values import Personal, plain


class AddCrmEvent(Params):
    """The kind of record, its text, and its author: the item's responsible unless another is named."""

    event_type: Literal["information", "phone_call", "email_sent"] = "information"
    text: PlainText
    created_by: UserRef = ""


def plan(context: Context, params: AddCrmEvent) -> Plan:
    """Add the record; nobody is called, and no mail is sent."""
    entry_id = stable_id("journal", context.key.text, context.run_id)
    author = author_of(context, params.created_by)
    return Completed(
        events=(JournalEntryAdded(entry_id, params.event_type, Personal(str(plain(params.text))), author),)
    )


ENTRY = Entry(
    id="bp_add_crm_event",
    kind="action",
    group="timeline",
    title="Add CRM event",
    description="Adds a record to the journal on the History tab of the item; it calls nobody and sends no mail.",
    spec="4.4",
    types=CRM_ALL,
    params=AddCrmEvent,
    plan=plan,
)
