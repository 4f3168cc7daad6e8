"""What effects of processes become for whoever performs them (design section 2)."""

from __future__ import annotations

from typing import Any

from automation.envelope import Envelope, Recorded
from automation.items.changes import RequestItem
from automation.items.effects import CreationRequested
from automation.items.payment_effects import PaymentReadRequested
from automation.payments.changes import ReadPayment
from services.deal_stream.copies import Copies
from services.edge.codec import item_changes, item_events, payment_changes
from services.edge.topics import Topics
from tests.codec_world import SIGNER

TOPICS = Topics()

FRAME = Envelope(
    "e1", "acme", "deal", "1", 3, 5, 5, "process:p", "ann", "business_process", "c1", "r1", 2, "ch1", 7, "test"
)


def copied(event: Any, topic: str) -> Any:
    """Return the change that an effect becomes, with its frame."""
    copies = Copies(TOPICS, item_events(), item_changes(SIGNER), payment_changes(SIGNER))
    (output,) = copies.of(Recorded(FRAME, event))
    assert output.topic == topic
    codec = payment_changes(SIGNER) if topic == TOPICS.payments else item_changes(SIGNER)
    return codec.decode(output.value)


def test_a_question_about_a_payment_goes_to_its_order() -> None:
    """Signed, with the item that asks, in the chain of its causes."""
    frame, change = copied(PaymentReadRequested("q1", "run", "acme/order/A1"), TOPICS.payments)

    assert change == ReadPayment("q1", "run", "acme/deal/1")
    assert (frame.key.text, frame.change_id, frame.root_id, frame.depth) == ("acme/order/A1", "q1", "r1", 2)


def test_a_repeat_lead_is_asked_for_as_one() -> None:
    """The mark travels with the request."""
    wanted = CreationRequested("q1", "run", "acme/lead/9", {"title": "Again"}, repeat=True)
    frame, change = copied(wanted, TOPICS.changes)

    assert change == RequestItem("q1", "run", "acme/deal/1", {"title": "Again"}, on_behalf_of="ann", repeat=True)
    assert (frame.key.text, frame.source) == ("acme/lead/9", "business_process")
