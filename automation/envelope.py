"""What every event of every log carries beside its own facts (design section 2)."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, NamedTuple, TypeAlias

from automation.values import Moment

ItemType: TypeAlias = str
"""`lead`, `deal`, `invoice`, `quote`, `spa_item.<SPA type>`, `contact`, `company`, or an aggregate such as `order`."""

STAGED = ("lead", "deal", "invoice", "quote", "spa_item")
CRM_ALL = (*STAGED, "contact", "company")

Source: TypeAlias = Literal[
    "manual", "incoming_email", "incoming_call", "crm_form", "rest_api", "app", "file_import",
    "business_process", "automation_rule", "trigger", "system",
]  # fmt: skip
"""Where a change comes from (spec 5.2)."""


class Key(NamedTuple):
    """The key of an item: tenant and type hold no `/`, the id may."""

    tenant: str
    item_type: ItemType
    item_id: str

    @property
    def text(self) -> str:
        """The Kafka key as text: `tenant/type/id`."""
        return f"{self.tenant}/{self.item_type}/{self.item_id}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read `tenant/type/id`; raises `ValueError` naming what is missing."""
        parts = text.split("/", 2)
        if len(parts) != 3 or not all(parts):
            raise ValueError(f"key {text[:200]!r} is not tenant/type/id")
        return cls(*parts)


class Envelope(NamedTuple):
    """The frame of an event; a NamedTuple because several are made for every change."""

    event_id: str
    tenant: str
    item_type: ItemType
    item_id: str
    version: int
    """Per item, from 1, without gaps."""
    occurred_at: Moment
    """What the source says; no delay or as-of reading counts from it."""
    recorded_at: Moment
    """`now` of the decision: append time of the change or due moment of the timer, never before the last event."""
    actor: str
    """`user:<id>`, `rule:<id>`, `trigger:<id>`, `process:<id>` or `system`."""
    on_behalf_of: str
    source: str
    cause_id: str
    """The change or event that led to this one."""
    root_id: str
    """The outside change at the start of the chain of causes."""
    depth: int
    """Automated stage entries and item creations since the outside change (spec 6.1)."""
    change_id: str
    """The change during whose handling the event arose; empty for timers."""
    definitions_version: int
    engine_release: str
    source_seq: int = 0
    """The sender's own number of the change; 0 where it does not number them."""

    @property
    def key(self) -> Key:
        """The key of the item that the event belongs to."""
        return Key(self.tenant, self.item_type, self.item_id)


class Recorded(NamedTuple):
    """An event with its envelope: one record of a log."""

    envelope: Envelope
    event: Any


_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def stable_id(*parts: object) -> str:
    """Return 32 hex digits that depend on the parts alone, shaped as a version-5 UUID (RFC 9562)."""
    return _shaped("\x1f".join(map(str, parts)))


def _shaped(text: str) -> str:
    digits = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return f"{digits[:12]}5{digits[13:16]}{_VARIANTS[digits[16]]}{digits[17:32]}"


def event_id(key_text: str, version: int) -> str:
    """Return the id of the event that takes an item to `version`: the same on every replay."""
    return _shaped(f"event\x1f{key_text}\x1f{version}")
