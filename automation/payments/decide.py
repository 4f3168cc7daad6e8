"""Decides what a change of a payable leads to (spec 1.13, 2.2, 3.1.1, 4.33, 6.8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from automation.envelope import Envelope, Key, Recorded, event_id
from automation.items.changes import ChangeFrame
from automation.payments.changes import (
    LinkOrder,
    PaymentChange,
    ProviderNotice,
    ReadPayment,
    RecordPayment,
    RegisterOrder,
    RequestPayment,
)
from automation.payments.events import OrderLinked, OrderRegistered, PaymentChangeSeen, PaymentEvent
from automation.payments.evolve import evolve
from automation.payments.notices import answer_notice, record_by_hand
from automation.payments.requests import answer_question, answer_request
from automation.payments.state import ORDER, PayableState, open_payment, union
from automation.values import Moment

LinkFor: TypeAlias = Callable[[str], str]
"""Makes the unguessable link of a payment id: a keyed hash, whose secret stays at the edge."""


class Decided(NamedTuple):
    """The events that a change led to, and the state with all of them folded in."""

    state: PayableState
    events: Sequence[Recorded]


def decide(
    state: PayableState, frame: ChangeFrame, change: PaymentChange, now: Moment, link_for: LinkFor, release: str
) -> Decided:
    """Decide on a change at `now`; a repeat of a handled change leaves no event."""
    if state.has_seen(frame.change_id):
        return Decided(state, ())
    recorded: list[Recorded] = []
    for event in _events(state, frame.key, change, max(now, state.last_recorded_at), link_for):
        recorded.append(_recorded(state, frame, event, now, release))
        state = evolve(state, recorded[-1])
    return Decided(state, recorded)


def _events(
    state: PayableState, key: Key, change: PaymentChange, now: Moment, link_for: LinkFor
) -> Sequence[PaymentEvent]:
    match change:
        case RequestPayment():
            return (answer_request(state, key, change, link_for),)
        case ReadPayment():
            return (answer_question(state, key, change),)
        case ProviderNotice():
            return (answer_notice(state, change),)
        case RecordPayment():
            return (record_by_hand(state, change, now),)
        case RegisterOrder() | LinkOrder() if key.item_type != ORDER:
            return (PaymentChangeSeen("not_an_order"),)
        case RegisterOrder():
            return _registered(state, change)
        case LinkOrder():
            return _linked(state, (change.item,)) or (PaymentChangeSeen("no_change"),)


def _registered(state: PayableState, change: RegisterOrder) -> Sequence[PaymentEvent]:
    if not state.registered:
        items = union(state.items, change.items)
        return (OrderRegistered(change.amount, items, change.rows, items[len(state.items) :]),)
    same = (change.amount, change.rows) == (state.amount, state.rows)
    saved = () if same else (OrderRegistered(change.amount, state.items, change.rows),)
    return (*saved, *_linked(state, change.items)) or (PaymentChangeSeen("no_change"),)


def _linked(state: PayableState, items: tuple[str, ...]) -> Sequence[PaymentEvent]:
    new = [item for item in union((), items) if item not in state.items]
    if (found := open_payment(state)) is None:
        return [OrderLinked(item) for item in new]
    payment_id, document = found
    return [OrderLinked(item, payment_id, document.amount, document.link) for item in new]


def _recorded(state: PayableState, frame: ChangeFrame, event: PaymentEvent, now: Moment, release: str) -> Recorded:
    """Frame an event: payment facts go on with the chain of causes of what they answer."""
    version = state.version + 1
    envelope = Envelope(
        event_id=event_id(frame.key.text, version),
        tenant=frame.tenant,
        item_type=frame.item_type,
        item_id=frame.item_id,
        version=version,
        occurred_at=frame.occurred_at,
        recorded_at=max(now, state.last_recorded_at),
        actor=frame.actor or "system",
        on_behalf_of="",
        source=frame.source,
        cause_id=frame.change_id,
        root_id=frame.root_id or frame.change_id,
        depth=frame.depth,
        change_id=frame.change_id,
        definitions_version=0,
        engine_release=release,
    )
    return Recorded(envelope, event)
