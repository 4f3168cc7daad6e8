"""The deal stream under chaos: deals with payments, mails, notifications, delays, broken and forged changes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from automation.items import changes as c
from automation.items import events as e
from automation.values import Money, Personal
from services.deal_stream.copies import SOURCE, Copies
from services.deal_stream.stream import DealStream
from services.edge.codec import Signer, item_changes, item_events, payment_changes
from services.edge.definitions import FixedDefinitions
from services.edge.stream import Headers
from services.edge.topics import Topics
from tests.chaos.processes import ByHand, templates
from tests.core import spec

SIGNER = Signer([b"chaos-chaos-chaos-chaos-chaos-32"])
STAGES = [stage.id for stage in spec.STAGES]


def _definitions() -> list[Any]:
    rules = [
        spec.rule("link", "create_payment_link", "invoice_sent", {}, order=1),
        spec.rule("note", "add_item_comment", "invoice_sent", {"text": "{{result:link.payment_link}}"}, order=2),
        spec.rule(
            "soon", "add_item_comment", "invoice_sent", {"text": "later"}, order=3, delay=1_500, run_mode="parallel"
        ),
        spec.rule("keep", "edit_item", "assembly", {"fields": [{"field": "comments", "value": "{{field:title}}"}]}),
        spec.rule("tell", "add_notification", "assembly", {"text": "paid", "recipients": ["department:sales"]}),
        spec.rule(
            "room", "create_group_chat", "lost", {"name": "{{field:title}}", "members": ["ann", "boss"]}, order=1
        ),
        spec.rule("say", "send_group_chat_message", "lost", {"chat": "{{result:room.chat_id}}", "text": "x"}, order=2),
        spec.rule("post", "add_feed_post", "lost", {"text": "lost", "recipients": ["department:sales"]}, order=3),
        spec.rule("mail", "send_client_email", "won", {"subject": "Thanks", "text": "{{field:title}}"}),
    ]
    paid = spec.trigger("paid", "track_order_payment", "assembly", allow_previous_stage=True)
    bill = spec.trigger("bill", "track_invoice_payment", "won")
    return [spec.pipeline(), spec.pipeline("invoice", "bills"), *spec.PEOPLE, *rules, paid, bill, *templates()]


def stream(prefix: str) -> DealStream:
    """Make the stream on topics behind a prefix, with definitions that stay."""
    topics, events, changes = Topics(prefix), item_events(), item_changes(SIGNER)
    copies = Copies(topics, events, changes, payment_changes(SIGNER))
    return DealStream(topics, changes, events, copies, FixedDefinitions(spec.book_of(*_definitions())), "chaos")


def topics(prefix: str) -> Sequence[str]:
    """Name the topics that effects go to."""
    named = Topics(prefix)
    return named.effects, named.payments


def is_output(topic: str, record: Any) -> bool:
    """Say whether a record was sent by the stream itself; others write into the inbox too."""
    return not topic.endswith("crm.changes") or SOURCE[0] in tuple(record.headers)


class _Sender:
    """Draws changes; the same for the same generator."""

    def __init__(self, rng: random.Random, items: int) -> None:
        self.rng = rng
        self.items = items
        self.codec = item_changes(SIGNER)
        self.known: set[str] = set()
        self.people = ByHand(rng)

    def one(self, number: int) -> tuple[bytes, bytes]:
        """Return key and value of one change."""
        rng = self.rng
        item_type = rng.choices(["deal", "invoice", "contact"], [80, 12, 8])[0]
        item = str(rng.randrange(self.items))
        key = f"{spec.TENANT}/{item_type}/{item}"
        frame = c.ChangeFrame(
            f"{rng.getrandbits(128):032x}",
            spec.TENANT,
            item_type,
            item,
            number,
            "app",
            "user:ann",
            0,
            "",
            "",
            0,
            0,
            b"",
        )
        if key not in self.known:
            self.known.add(key)
            form = frame._replace(source="crm_form") if item_type == "contact" else frame
            return key.encode(), self.codec.encode(form, self._create(item_type, item))
        value = self.codec.encode(frame, self._change(item_type, number, frame))
        return key.encode(), value[: rng.randrange(len(value))] if rng.random() < 0.004 else value

    def _create(self, item_type: str, item: str) -> c.ItemChange:
        links = (e.Link("deal", item, "source"),) if item_type == "invoice" else ()
        client = {"contact": str(self.rng.randrange(self.items))} if item_type == "deal" else {}
        email = {"email_work": f"{int(item) // 2}@home.test"} if item_type == "contact" else {}
        fields: dict[str, Any] = {"title": f"{item_type} {item}", "amount": self._amount(), **client, **email}
        return c.CreateItem(fields, responsible="ann", links=links)

    def _amount(self) -> Money:
        return Money(self.rng.randrange(1, 3_000_000), "EUR")

    def _change(self, item_type: str, number: int, frame: c.ChangeFrame) -> c.ItemChange:
        rng = self.rng
        if item_type == "contact":
            return c.SaveItem({"email_home": f"{number}@home.test"})
        if item_type == "deal" and rng.random() < 0.08:
            return self.people.one(frame.item_id, frame.change_id)
        kind = rng.choices(["save", "stage", "paid", "comment", "activity"], [35, 35, 18, 7, 5])[0]
        if kind == "stage":
            return c.SaveItem({}, stage=rng.choice(STAGES))
        if kind == "paid":
            status = rng.choice(["unpaid", "paid", "paid", "voided"])
            return c.ReportPayment(f"p{rng.randrange(50)}", "", status, self._amount(), "")
        if kind == "comment":
            return c.AddComment(Personal(f"note {number}"))
        if kind == "activity":
            return c.RecordActivity(str(number), rng.choice(["mail", "incoming_email"]), Personal("hello"))
        return c.SaveItem({"title": f"title {number}", "amount": self._amount()})


def changes(rng: random.Random, items: int = 300) -> Iterator[tuple[bytes, bytes, Headers]]:
    """Yield changes for ever: saves, moves, payments, some about unknown items, some broken."""
    sender, number = _Sender(rng, items), 0
    while True:
        number += 1
        key, value = sender.one(number)
        yield key, value, ()
