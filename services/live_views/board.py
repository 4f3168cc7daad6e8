"""What people watch, folded from the log in memory: stages, outcomes by minute, payments, deliveries.

Each item's row carries the version that it reflects: a repeat is skipped and a gap is told, so that reading a record
twice, which Faust may do, changes no sum. Nothing here is kept: it is folded anew from the log at each start.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from automation.envelope import Envelope, Key, Recorded
from automation.items import events as e
from automation.values import Money

MINUTE = 60_000
KEPT_MINUTES = 24 * 60
"""Minutes of outcomes that are kept, counted back from the newest one."""
AMOUNT = "amount"


class GapError(Exception):
    """Versions of an item are missing before this event."""

    def __init__(self, key: Key, reached: int, version: int) -> None:
        super().__init__(f"{key.text}: version {version} came after {reached}")
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


class _Item(NamedTuple):
    version: int = 0
    pipeline: str = ""
    stage: str = ""
    currency: str = ""
    amount_minor: int = 0
    exists: bool = False
    waiting: Mapping[str, str] = {}
    """Channel by effect id of calls without an outcome."""


class _Tenant:
    """The sums of one tenant."""

    def __init__(self) -> None:
        self.items: dict[str, _Item] = {}
        self.stages: defaultdict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        self.minutes: dict[int, Counter[tuple[str, str]]] = {}
        self.payments: dict[str, tuple[str, Money]] = {}
        self.deliveries: Counter[tuple[str, str]] = Counter()


class Board:
    """All views of all tenants; `damaged` items had records that could not be read, their gaps are known."""

    def __init__(self) -> None:
        self._tenants: defaultdict[str, _Tenant] = defaultdict(_Tenant)
        self.damaged: set[str] = set()

    def apply(self, recorded: Recorded) -> bool:
        """Fold one event; returns False for a repeat, raises `GapError` before anything is changed."""
        envelope, event = recorded
        key = envelope.key
        tenant = self._tenants[key.tenant]
        item_key = f"{key.item_type}/{key.item_id}"
        item = tenant.items.get(item_key, _Item())
        if envelope.version <= item.version:
            return False
        if envelope.version > item.version + 1 and key.text not in self.damaged:
            raise GapError(key, item.version, envelope.version)
        changed = _moved(item, event)._replace(version=envelope.version)
        tenant.items[item_key] = self._calls(tenant, changed, event)
        _recount(tenant, key.item_type, item, changed)
        _note(tenant, envelope, event)
        return True

    def _calls(self, tenant: _Tenant, item: _Item, event: Any) -> _Item:
        if isinstance(event, e.Effect):
            tenant.deliveries[event.CHANNEL, "waiting"] += 1
            return item._replace(waiting={**item.waiting, event.effect_id: event.CHANNEL})
        if isinstance(event, e.EffectAnswered) and event.effect_id in item.waiting:
            channel = item.waiting[event.effect_id]
            tenant.deliveries[channel, "waiting"] -= 1
            tenant.deliveries[channel, event.status] += 1
            return item._replace(waiting={one: of for one, of in item.waiting.items() if one != event.effect_id})
        return item

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
        return sum(len(tenant.items) for tenant in self._tenants.values())

    def _of(self, tenant: str) -> _Tenant:
        return self._tenants.get(tenant) or _Tenant()


def _moved(item: _Item, event: Any) -> _Item:
    change = _CHANGES.get(type(event))
    return change(item, event) if change else item


def _created(item: _Item, event: e.ItemCreated) -> _Item:
    amount = _amount(event.fields.get(AMOUNT))
    return item._replace(pipeline=event.pipeline, stage=event.stage, exists=True, **amount)


def _saved(item: _Item, event: e.FieldsChanged) -> _Item:
    for change in event.changes:
        if change.code == AMOUNT:
            return item._replace(**_amount(change.new))
    return item


def _amount(value: object) -> dict[str, Any]:
    known = value if isinstance(value, Money) else Money(0, "")
    return {"amount_minor": known.minor, "currency": known.currency}


_CHANGES: Mapping[type, Callable[[_Item, Any], _Item]] = {
    e.ItemCreated: _created,
    e.FieldsChanged: _saved,
    e.StageMoved: lambda item, event: item._replace(stage=event.to_stage),
    e.PipelineChanged: lambda item, event: item._replace(pipeline=event.to_pipeline, stage=event.to_stage),
    e.ItemDeleted: lambda item, _: item._replace(exists=False),
}


def _recount(tenant: _Tenant, item_type: str, old: _Item, new: _Item) -> None:
    for item, sign in ((old, -1), (new, 1)):
        if item.exists and item.stage:
            total = tenant.stages[item_type, item.pipeline, item.stage, item.currency]
            total[0] += sign
            total[1] += sign * item.amount_minor


_OUTCOMES: Mapping[type, tuple[str, str]] = {
    e.RuleRunCompleted: ("rule", "completed"),
    e.RuleRunSkipped: ("rule", "skipped"),
    e.RuleRunFailed: ("rule", "failed"),
    e.RuleRunCancelled: ("rule", "cancelled"),
    e.TriggerFired: ("trigger", "fired"),
    e.TriggerSkipped: ("trigger", "skipped"),
}


def _note(tenant: _Tenant, envelope: Envelope, event: Any) -> None:
    outcome = _OUTCOMES.get(type(event))
    if outcome:
        _count_minute(tenant, envelope.recorded_at // MINUTE * MINUTE, outcome)
    elif isinstance(event, e.PaymentNoted):
        known = tenant.payments.get(event.payment_id)
        # Items learn of one payment each in its own time: paid and voided are final.
        if known is None or known[0] == "unpaid":
            tenant.payments[event.payment_id] = (event.status, event.amount)


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
