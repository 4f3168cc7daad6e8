"""What people watch, folded from the log in memory: stages, outcomes by minute, payments, deliveries.

Each item's row carries the version that it reflects: a repeat is skipped and a gap is told, so that reading a record
twice, which Faust may do, changes no sum. Nothing here is kept: it is folded anew from the log at each start.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import automation.items
import automation.records.types
from automation.declared import declared
from automation.items import events as e
from automation.items.effects import ItemAnswered
from automation.values import Money
from services.edge.codec import Head

MINUTE = 60_000
KEPT_MINUTES = 24 * 60
"""Minutes of outcomes that are kept, counted back from the newest one."""
AMOUNT = "amount"


class GapError(Exception):
    """Versions of an item are missing before this event."""

    def __init__(self, key: bytes, reached: int, version: int) -> None:
        super().__init__(f"{key.decode(errors='replace')}: version {version} came after {reached}")
        self.key = key


class StageRow(NamedTuple):
    """Items and the sum of their amounts (minor units of `currency`) in one stage."""

    pipeline: str
    stage: str
    currency: str
    items: int
    amount_minor: int


class MinuteRow(NamedTuple):
    """How often a rule or trigger ended so within a minute; `minute` is its first millisecond."""

    minute: int
    origin: str
    """`rule` or `trigger`."""
    outcome: str
    """`completed`, `skipped`, `failed` or `cancelled` of a rule, `fired` or `skipped` of a trigger."""
    times: int


class PaymentRow(NamedTuple):
    """Payment documents in one state, each counted once however many items it is linked to."""

    status: str
    currency: str
    payments: int
    amount_minor: int


class DeliveryRow(NamedTuple):
    """Calls out of items through one channel: `waiting`, or how they ended."""

    channel: str
    status: str
    times: int


class _Tenant:
    """The sums of one tenant."""

    def __init__(self) -> None:
        self.stages: defaultdict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.minutes: dict[int, Counter[tuple[str, str]]] = {}
        self.payments: dict[str, tuple[str, Money]] = {}
        self.deliveries: Counter[tuple[str, str]] = Counter()


class _Item:
    """What is known of one item: its version, and what it counts for in the sums of its tenant."""

    __slots__ = ("amount_minor", "currency", "exists", "item_type", "pipeline", "stage", "tenant", "version", "waiting")

    def __init__(self, tenant: _Tenant, item_type: str) -> None:
        self.tenant = tenant
        self.item_type = item_type
        self.version = 0
        self.pipeline = self.stage = self.currency = ""
        self.amount_minor = 0
        self.exists = False
        self.waiting: dict[str, str] | None = None
        """Channel by effect id of calls without an outcome."""

    def count(self, sign: int) -> None:
        """Put the item into the sums, or take it out."""
        if self.exists and self.stage:
            total = self.tenant.stages[self.item_type, self.pipeline, self.stage, self.currency]
            total[0] += sign
            total[1] += sign * self.amount_minor


class Board:
    """All views of all tenants; `damaged` are keys of items with records that could not be read: gaps are known."""

    def __init__(self) -> None:
        self._tenants: defaultdict[str, _Tenant] = defaultdict(_Tenant)
        self._items: dict[bytes, _Item] = {}
        self.damaged: set[bytes] = set()

    def apply(self, head: Head) -> bool:
        """Fold one event; returns False for a repeat, raises `GapError` before anything is changed.

        `head.event` has to be there where its kind is one of `WANTED`.
        """
        kind, key, version, recorded_at, event = head
        item = self._items.get(key)
        reached = item.version if item else 0
        if version <= reached:
            return False
        if version > reached + 1 and key not in self.damaged:
            raise GapError(key, reached, version)
        if item is None:
            item = self._items[key] = self._new(key)
        item.version = version
        if event is not None:
            _take_over(item, event)
        elif outcome := _OUTCOMES.get(kind):
            _count_minute(item.tenant, recorded_at // MINUTE * MINUTE, outcome)
        return True

    def _new(self, key: bytes) -> _Item:
        tenant, item_type, _ = key.decode().split("/", 2)
        return _Item(self._tenants[tenant], item_type)

    def stages(self, tenant: str, item_type: str) -> list[StageRow]:
        """Return items and amounts of each stage and currency."""
        found = self._of(tenant).stages.items()
        return sorted(
            StageRow(*place[1:], items, amount) for place, (items, amount) in found if place[0] == item_type and items
        )

    def minutes(self, tenant: str, last: int = 60) -> list[MinuteRow]:
        """Return outcomes of the last minutes in which there were any, oldest first."""
        found = self._of(tenant).minutes
        return [
            MinuteRow(minute, origin, outcome, count)
            for minute in sorted(found)[-last:]
            for (origin, outcome), count in sorted(found[minute].items())
        ]

    def payments(self, tenant: str) -> list[PaymentRow]:
        """Return the number and sum of payment documents by state and currency."""
        sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for status, amount in self._of(tenant).payments.values():
            total = sums[status, amount.currency]
            total[0] += 1
            total[1] += amount.minor
        return sorted(PaymentRow(*place, *total) for place, total in sums.items())

    def deliveries(self, tenant: str) -> list[DeliveryRow]:
        """Return how many calls wait and how the others ended, by channel."""
        found = self._of(tenant).deliveries.items()
        return sorted(DeliveryRow(*place, count) for place, count in found if count)

    def items(self) -> int:
        """Return the number of items known, deleted ones included."""
        return len(self._items)

    def _of(self, tenant: str) -> _Tenant:
        return self._tenants.get(tenant) or _Tenant()


def _take_over(item: _Item, event: Any) -> None:
    change = _CHANGES.get(type(event))
    if change:
        item.count(-1)
        change(item, event)
        item.count(1)
    elif take := _NOTES.get(type(event)):
        take(item, event)


def _created(item: _Item, event: e.ItemCreated) -> None:
    item.pipeline, item.stage, item.exists = event.pipeline, event.stage, True
    _priced(item, event.fields.get(AMOUNT))


def _saved(item: _Item, event: e.FieldsChanged) -> None:
    for change in event.changes:
        if change.code == AMOUNT:
            _priced(item, change.new)


def _priced(item: _Item, value: object) -> None:
    known = value if isinstance(value, Money) else Money(0, "")
    item.amount_minor, item.currency = known.minor, known.currency


def _stage(item: _Item, event: e.StageMoved) -> None:
    item.stage = event.to_stage


def _pipeline(item: _Item, event: e.PipelineChanged) -> None:
    item.pipeline, item.stage = event.to_pipeline, event.to_stage


def _deleted(item: _Item, _: e.ItemDeleted) -> None:
    item.exists = False


_CHANGES: Mapping[type, Callable[[_Item, Any], None]] = {
    e.ItemCreated: _created,
    e.FieldsChanged: _saved,
    e.StageMoved: _stage,
    e.PipelineChanged: _pipeline,
    e.ItemDeleted: _deleted,
}


def _called(item: _Item, event: Any) -> None:
    item.waiting = item.waiting or {}
    item.waiting[event.effect_id] = event.CHANNEL
    item.tenant.deliveries[event.CHANNEL, "waiting"] += 1


def _answered(item: _Item, event: e.EffectAnswered) -> None:
    channel = item.waiting.pop(event.effect_id, None) if item.waiting else None
    if channel is not None:
        item.tenant.deliveries[channel, "waiting"] -= 1
        item.tenant.deliveries[channel, event.status] += 1


def _paid(item: _Item, event: e.PaymentNoted) -> None:
    known = item.tenant.payments.get(event.payment_id)
    # Items learn of one payment each in its own time: paid and voided are final.
    if known is None or known[0] == "unpaid":
        item.tenant.payments[event.payment_id] = (event.status, event.amount)


_CALLS = set(declared(automation.items, automation.records.types, endings=("effects",))) - {ItemAnswered}
"""An answer to another item is a call, too, but nobody answers it."""

_NOTES: Mapping[type, Callable[[_Item, Any], None]] = {
    **dict.fromkeys(_CALLS, _called),
    e.EffectAnswered: _answered,
    e.PaymentNoted: _paid,
}

WANTED = frozenset(kind.__name__ for kind in (*_CHANGES, *_NOTES))
"""Names of the classes that a view reads; of all others the head is enough."""

_OUTCOMES: Mapping[str, tuple[str, str]] = {
    e.RuleRunCompleted.__name__: ("rule", "completed"),
    e.RuleRunSkipped.__name__: ("rule", "skipped"),
    e.RuleRunFailed.__name__: ("rule", "failed"),
    e.RuleRunCancelled.__name__: ("rule", "cancelled"),
    e.TriggerFired.__name__: ("trigger", "fired"),
    e.TriggerSkipped.__name__: ("trigger", "skipped"),
}
"""By the name of the class: the name and the time of such an event are all that its view needs."""


def _count_minute(tenant: _Tenant, minute: int, outcome: tuple[str, str]) -> None:
    if minute not in tenant.minutes:
        tenant.minutes[minute] = Counter()
        for old in list(_too_old(tenant.minutes)):
            del tenant.minutes[old]
    if minute in tenant.minutes:
        tenant.minutes[minute][outcome] += 1


def _too_old(minutes: Mapping[int, object]) -> Iterator[int]:
    oldest = max(minutes) - (KEPT_MINUTES - 1) * MINUTE
    return (minute for minute in minutes if minute < oldest)
