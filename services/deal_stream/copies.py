"""Copy effects to whoever performs them, in the transaction of the event (design section 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from automation.envelope import Key, Recorded, stable_id
from automation.items import changes as c
from automation.items import effects
from automation.items.payment_effects import PaymentReadRequested
from automation.items.turn import Request
from automation.payments.changes import ReadPayment, RequestPayment
from services.edge.codec import ChangeCodec, EventCodec, event_headers
from services.edge.stream import Output
from services.edge.topics import Topics

SOURCE = (("ce_source", b"stagewire/deal_stream"),)
"""Tells the changes of this service from those of others."""


class Copies:
    """Turns effect events into records of `crm.effects`, `crm.payments` and `crm.changes`."""

    def __init__(self, topics: Topics, events: EventCodec, changes: ChangeCodec, payments: ChangeCodec) -> None:
        self._topics = topics
        self._events = events
        self._changes = changes
        self._payments = payments
        self._makers: dict[type, Callable[[Recorded], Output] | None] = {
            effects.PaymentRequested: self._payment,
            PaymentReadRequested: self._payment_read,
            effects.ItemAsked: self._asked,
            effects.ItemAnswered: self._answered,
            effects.CreationRequested: self._created,
        }

    def of(self, recorded: Recorded) -> Sequence[Output]:
        """Return the copy of an effect; nothing for any other event."""
        kind = type(recorded.event)
        make = self._makers[kind] if kind in self._makers else self._learn(kind)
        return (make(recorded),) if make else ()

    def _learn(self, kind: type) -> Callable[[Recorded], Output] | None:
        """An effect without a maker of its own goes to `crm.effects`: whoever has its channel performs it."""
        made = self._makers[kind] = self._effect if hasattr(kind, "CHANNEL") else None
        return made

    def request(self, request: Request) -> Output:
        """Return the record of a request that no event stands for."""
        key, frame, change = request
        return Output(self._topics.changes, key.text.encode(), self._changes.encode(frame, change), SOURCE)

    def _effect(self, recorded: Recorded) -> Output:
        key = recorded.envelope.key.text.encode()
        return Output(self._topics.effects, key, self._events.encode(recorded), event_headers(recorded))

    def _frame(self, recorded: Recorded, key: Key, change_id: str) -> c.ChangeFrame:
        env = recorded.envelope
        return c.ChangeFrame(
            change_id, key.tenant, key.item_type, key.item_id, env.occurred_at, env.source, env.actor, 0,
            env.event_id, env.root_id, env.depth, env.definitions_version, b"",
        )  # fmt: skip

    def _payment(self, recorded: Recorded) -> Output:
        event: effects.PaymentRequested = recorded.event
        request = RequestPayment(
            event.effect_id, event.run_id, recorded.envelope.key.text, event.order_id, event.amount, event.rows,
            event.title, event.document_exists,
        )  # fmt: skip
        return self._to(self._topics.payments, self._payments, recorded, event.payable, event.effect_id, request)

    def _payment_read(self, recorded: Recorded) -> Output:
        event: PaymentReadRequested = recorded.event
        question = ReadPayment(event.effect_id, event.run_id, recorded.envelope.key.text)
        return self._to(self._topics.payments, self._payments, recorded, event.payable, event.effect_id, question)

    def _asked(self, recorded: Recorded) -> Output:
        event: effects.ItemAsked = recorded.event
        reply_to = recorded.envelope.key.text if event.run_id else ""
        asked = c.AskItem(event.effect_id, event.run_id, event.question, event.args, reply_to, _behalf(recorded))
        return self._to(self._topics.changes, self._changes, recorded, event.target, event.effect_id, asked)

    def _created(self, recorded: Recorded) -> Output:
        event: effects.CreationRequested = recorded.event
        request = c.RequestItem(
            event.effect_id, event.run_id, recorded.envelope.key.text, event.fields, event.pipeline, event.stage,
            event.responsible, event.observers, event.rows, event.links, _behalf(recorded), event.repeat,
        )  # fmt: skip
        return self._to(self._topics.changes, self._changes, recorded, event.target, event.effect_id, request)

    def _answered(self, recorded: Recorded) -> Output:
        event: effects.ItemAnswered = recorded.event
        told = c.ReportOutcome(event.effect_id, event.run_id, event.status, event.reason, event.results)
        change_id = stable_id("answer", event.effect_id)
        return self._to(self._topics.changes, self._changes, recorded, event.reply_to, change_id, told)

    def _to(
        self, topic: str, codec: ChangeCodec, recorded: Recorded, target: str, change_id: str, change: Any
    ) -> Output:
        frame = self._frame(recorded, Key.parse(target), change_id)
        return Output(topic, target.encode(), codec.encode(frame, change), SOURCE)


def _behalf(recorded: Recorded) -> str:
    """Return in whose name another item is to act: what a rule asks for; a fact is told in nobody's."""
    return recorded.envelope.on_behalf_of if recorded.event.run_id else ""
