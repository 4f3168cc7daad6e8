"""The rows of the ledger, as its readers and writers see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from automation.values import Moment


class NewEffect(NamedTuple):
    """An effect as it enters the ledger."""

    tenant: str
    effect_id: str
    channel: str
    item_key: str
    """Kafka key of the item: where the outcome goes."""
    run_id: str
    payload: bytes
    """The record as it was read: personal values stay sealed."""
    cause_id: str
    """Event that asked for the effect."""
    root_id: str
    depth: int
    trace: str = ""
    """The trace context that came in with the change behind it; empty where the trace is that of the root."""


class Claim(NamedTuple):
    """A row in `sending`, with what proves that it is still ours: owner and number of the attempt."""

    tenant: str
    effect_id: str
    channel: str
    item_key: str
    payload: bytes
    tries: int
    lease_owner: str
    lease_until: Moment
    created_at: Moment


class Outcome(NamedTuple):
    """An outcome that the item has yet to learn."""

    tenant: str
    effect_id: str
    item_key: str
    run_id: str
    status: str
    reason: str
    results: Mapping[str, str]
    tries: int
    cause_id: str
    root_id: str
    depth: int
    settled_at: Moment
    trace: str = ""


class Backlog(NamedTuple):
    """What waits for a call in one channel."""

    channel: str
    waiting: int
    oldest_due: Moment


class Entry(NamedTuple):
    """A row as people see it: without the payload."""

    tenant: str
    effect_id: str
    channel: str
    item_key: str
    run_id: str
    state: str
    tries: int
    next_due: Moment
    provider_id: str
    status: str
    reason: str
    detail: str
    outcome: str
    """`none`, `pending` or `sent`."""
    created_at: Moment
    updated_at: Moment
