"""The payment stream under chaos: orders, links to deals, notices about nothing, broken and repeated changes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from automation.envelope import Key
from automation.items.changes import ChangeFrame
from automation.payments.changes import LinkOrder, PaymentChange, ProviderNotice, RecordPayment, RegisterOrder
from automation.payments.ids import payment_id
from automation.values import Money
from services.edge.codec import item_changes, payment_changes, payment_events
from services.edge.stream import Headers, UnreadableError
from services.edge.topics import Topics
from services.payment_tracker.links import link_maker
from services.payment_tracker.stream import PaymentStream
from tests.chaos.deal import SIGNER
from tests.core.spec import TENANT

_ORDERS = 200
_ITEMS = item_changes(SIGNER)


def stream(prefix: str) -> PaymentStream:
    """Make the stream on topics behind a prefix."""
    link_for = link_maker("http://127.0.0.1/pay", b"chaos" * 8)
    return PaymentStream(Topics(prefix), payment_changes(SIGNER), payment_events(), _ITEMS, link_for, "chaos")


def topics(prefix: str) -> Sequence[str]:
    """Name the topic that reports go to."""
    return (Topics(prefix).changes,)


def is_output(topic: str, record: Any) -> bool:
    """Say whether a record was sent by the stream: its reports alone are of the app and have no headers."""
    if not topic.endswith("crm.changes") or record.headers:
        return False
    try:
        frame, _ = _ITEMS.decode(record.value)
    except UnreadableError:
        return False
    return bool(frame.source == "app")


def changes(rng: random.Random) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Yield changes of orders for ever, a few of them broken."""
    codec, number = payment_changes(SIGNER), 0
    while True:
        number += 1
        order = str(rng.randrange(_ORDERS))
        key = f"{TENANT}/order/{order}".encode()
        change_id = f"{rng.getrandbits(128):032x}"
        frame = ChangeFrame(change_id, TENANT, "order", order, number, "app", "user:ann", 0, "", "", 0, 0, b"")
        value = codec.encode(frame, _change(rng, frame.key, number))
        yield key, value[: rng.randrange(len(value))] if rng.random() < 0.01 else value, ()
        if rng.random() < 0.05:
            yield key, value, ()


def _change(rng: random.Random, order: Key, number: int) -> PaymentChange:
    amount, item = Money(rng.randrange(1, 10_000), "EUR"), f"{TENANT}/deal/{rng.randrange(1_500)}"
    unknown = payment_id(order, "chaos", number)
    kind = rng.choice(["order", "link", "notice", "by_hand"])
    if kind == "order":
        return RegisterOrder(amount, (item,))
    if kind == "link":
        return LinkOrder(item)
    if kind == "notice":
        return ProviderNotice("simulated", f"n{number}", unknown, "paid", amount, number)
    return RecordPayment(unknown, rng.choice(["paid", "voided"]), number)
