"""Records that processes add to the journal of an item (spec 4.4)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.values import Personal


@dataclass(frozen=True, slots=True)
class JournalEntryAdded:
    """A record for the History tab alone: it stands in no timeline."""

    entry_id: str
    kind: str
    """`information`, `phone_call` or `email_sent`."""
    text: Personal
    created_by: str
