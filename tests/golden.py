"""Makes the golden logs: the same events on every run, of every type, out of the deciding functions themselves.

`python -m tests.golden` writes what is missing for the release in `pyproject.toml`. Files of a release are never
written again: they are what is in people's logs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from automation.envelope import Key, Recorded
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.payments.changes import LinkOrder, RegisterOrder
from automation.values import Money, Personal
from services.edge.codec import EventCodec, item_events, payment_events
from services.edge.codec.names import field_names
from tests.core import spec
from tests.core.payments.conftest import Payable
from tests.core.spec import Story

FOLDER = Path(__file__).parent / "fixtures/golden"
EUR = "EUR"
ROWS = (e.ProductRow("p1", "Chair", 2_000, Money(5_000, EUR)),)


def _definitions() -> list[Any]:
    stage = "invoice_sent"
    failing = [{"field": "contact", "value": "{{field:comments}}"}]
    return [
        spec.pipeline(), spec.pipeline("deal", "other", default=False), spec.pipeline("invoice", "bills"), *spec.PEOPLE,
        spec.rule("link", "create_payment_link", stage, {}, order=1),
        spec.rule("note", "add_item_comment", stage, {"text": "{{result:link.payment_link}}"}, order=2),
        spec.rule("soon", "add_item_comment", stage, {"text": "later"}, order=3, delay="1h", run_mode="parallel"),
        spec.rule("keep", "edit_item", "assembly", {"fields": [{"field": "title", "value": "{{field:amount}}"}]}),
        spec.rule("never", "add_item_comment", "assembly", {"text": "x"}, condition={"field": "amount", "op": "empty"}),
        spec.rule("fail", "edit_item", "assembly", {"fields": failing}, order=1),
        spec.rule("tell", "add_notification", "assembly", {"text": "paid", "recipients": ["department:sales"]}),
        spec.rule("mail", "send_client_email", "won", {"subject": "Thanks", "text": "{{field:title}}"}),
        spec.trigger("paid", "track_order_payment", "assembly"),
        spec.trigger("bill", "track_invoice_payment", "won"),
    ]  # fmt: skip


def _paid(payment_id: str, status: str = "paid") -> c.ReportPayment:
    return c.ReportPayment(payment_id, "", status, Money(10_000, EUR), "https://pay.test/1")


def _deal(tell: Callable[..., Story], story: Story) -> None:
    """Take a deal from its creation to its deletion, past every type of event of a deal."""
    tell(c.CreateItem({"title": "Desk", "comments": "x" * 201, "contact": "7"}, responsible="ann", observers=("boss",),
                      rows=ROWS, links=(e.Link("order", "A1", "order"),)))  # fmt: skip
    tell(c.SaveItem({"amount": Money(10_000, EUR), "email_home": "c@home.test"}, responsible="boss", observers=()))
    tell(c.SaveItem({"email_home": None}, rows=(), link=(e.Link("deal", "9", "related"),)))
    tell(c.SaveItem({}, rows=ROWS, unlink=(e.Link("deal", "9", "related"),), responsible="ann"))
    tell(c.SaveItem({"title": "Desk"}))
    tell(c.AddComment(Personal("Grüße 🙂")))
    tell(c.RecordActivity("m1", "mail", Personal("Re: Desk")))
    tell(c.SaveItem({}, stage="invoice_sent"))
    asked = story.only(effects.PaymentRequested)
    tell(_paid("p1", "unpaid"))
    results = {"payment_link": "https://pay.test/1", "payment_id": "p1", "payment_amount": Money(10_000, EUR)}
    tell(c.ReportOutcome(asked.effect_id, asked.run_id, "completed", "", results))
    tell(_paid("p1"))
    told = next(event for event in story.events if isinstance(event, effects.NotificationRequested) and event.run_id)
    tell(c.ReportOutcome(told.effect_id, told.run_id, "failed", "delivery", {}, 5))
    tell(c.AskItem("f1", "r1", "contact_point", {"address_type": "any"}, "acme/deal/2"))
    tell(c.AskItem("f2", "", "invoice_paid", {"invoice_id": "B1", "amount": Money(5, EUR), "field.title": "B"}, ""))
    tell(_paid("p2"))
    tell(c.SaveItem({}, pipeline="other", stage="won"))
    tell(c.DeleteItem())


def item_log() -> list[Recorded]:
    """Return the events of a deal, an invoice and a contact, of every type."""
    book, log = spec.book_of(*_definitions()), list[Recorded]()
    for key, tell_all in (
        (spec.DEAL, _deal),
        (Key("acme", "invoice", "B1"), _invoice),
        (Key("acme", "deal", "2"), _late),
    ):
        story = Story(book, key)

        def tell(change: c.ItemChange | None, story: Story = story) -> Story:
            story.now += 60_000
            log.extend((story.wake() if change is None else story.when(change)).last.events)
            return story

        tell_all(tell, story)
    return log


def _invoice(tell: Callable[..., Story], _story: Story) -> None:
    tell(c.CreateItem({"title": "B", "amount": Money(10_000, EUR)}, links=(e.Link("deal", "1", "source"),)))
    tell(_paid("p9"))


def _late(tell: Callable[..., Story], _story: Story) -> None:
    """Let a delay and a deadline run out on a deal that stays open."""
    fields = {"title": "Ж", "amount": Money(7, "JPY"), "email_home": "c@home.test"}
    tell(c.CreateItem(fields, stage="invoice_sent", responsible="ann"))
    tell(None)
    tell(None)
    tell(c.SaveItem({}, stage="won"))


def payment_log() -> list[Recorded]:
    """Return the events of orders and of a deal that is its own payable, of every type."""
    order, deal, unknown = Payable("acme/order/A1"), Payable("acme/deal/7"), Payable("acme/order/A2")
    order.given(RegisterOrder(Money(10_000, EUR), ("acme/deal/7",), ROWS), order.ask("e1"), order.ask("e2"))
    order.given(LinkOrder("acme/deal/8"), order.notice("failed", "n0"), order.notice(), order.notice(), order.ask("e3"))
    deal.given(deal.ask("e1"))
    deal.given(deal.by_hand("voided"), deal.by_hand("paid"))
    unknown.given(unknown.ask("e1"))
    return [*order.log, *deal.log, *unknown.log]


def fold(log: Sequence[Recorded], initial: Any, evolve: Callable[[Any, Recorded], Any]) -> dict[str, Any]:
    """Return, event by event, what changed in the state of its key, and the names of all fields of a state."""
    states: dict[str, Any] = {}
    steps = []
    for recorded in log:
        key = recorded.envelope.key.text
        before = states.get(key, initial)
        after = states[key] = evolve(before, recorded)
        changed = {n: plain(new) for n, new in after._asdict().items() if new != getattr(before, n)}
        steps.append({"key": key, "event": type(recorded.event).__name__, "changed": changed})
    return {"fields": list(initial._fields), "steps": steps}


def plain(value: Any) -> Any:
    """Return a value as JSON: records by field name with the name of their class, bytes as a digest."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if hasattr(value, "_fields") or hasattr(value, "__slots__"):
        return {"": type(value).__name__} | {name: plain(getattr(value, name)) for name in field_names(type(value))}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return hashlib.blake2b(value, digest_size=8).hexdigest() if isinstance(value, bytes) else value


def read(name: str, codec: EventCodec) -> list[Recorded]:
    """Return the events of a golden log, decoded."""
    return [codec.decode(base64.b64decode(line)) for line in (FOLDER / name).read_text().split()]


LOGS: Mapping[str, tuple[Callable[[], list[Recorded]], Callable[[], EventCodec]]] = {
    "items": (item_log, item_events),
    "payments": (payment_log, payment_events),
}


def write(release: str) -> None:
    """Write logs and folded states of a release; refuses to write over any."""
    from tests.test_golden_log import FOLDS  # noqa: PLC0415 - only to write, and it imports this module

    FOLDER.mkdir(exist_ok=True)
    for name, (make, codec) in LOGS.items():
        log, path = make(), FOLDER / f"{release}.{name}.avro-log"
        with path.open("x") as file:
            file.writelines(base64.b64encode(codec().encode(recorded)).decode() + "\n" for recorded in log)
        states = json.dumps(fold(log, *FOLDS[name]), indent=1, ensure_ascii=False)
        (FOLDER / f"{release}.{name}.json").write_text(states + "\n")


if __name__ == "__main__":
    write(version("stagewire"))
