"""The trigger `track_invoice_payment` (spec 2.1, 1.5, 1.11)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.items.parts import Link
from automation.values import Money
from services.history.timeline import timeline_entry
from tests.core.catalogue.payment_triggers import TYPES, alerts, item, moved, skipped
from tests.core.spec import PEOPLE, Story, book_of, pipeline, rule, trigger
from tests.core.world import World

EUR_100 = Money(10_000, "EUR")
KIND = "track_invoice_payment"


def fact(effect_id: str = "f1", **fields: Any) -> c.AskItem:
    """Return the fact that invoice 7 of 100 EUR became Paid."""
    own = {f"field.{code}": value for code, value in fields.items()}
    return c.AskItem(effect_id, "", "invoice_paid", {"invoice_id": "7", "amount": EUR_100, **own}, "")


def paid(story: Story, effect_id: str = "f1", **fields: Any) -> Story:
    """Let the fact reach the item."""
    return story.when(fact(effect_id, **fields), source="app", change_id=effect_id)


@pytest.mark.parametrize("item_type", TYPES)
def test_a_paid_invoice_moves_every_staged_type(item_type: str) -> None:
    """The item jumps to the trigger's stage, and the responsible learns what was paid."""
    story = paid(item(KIND, item_type))

    assert moved(story) == ["assembly"]
    assert alerts(story) == [("ann", "Desk: invoice of 100.00 EUR was paid. Stage: Product assembly.")]


def test_on_whose_behalf() -> None:
    """The employee that is named, by a role too, else the item's responsible; the trigger is the origin."""
    named = {"": "ann", "user:boss": "boss", "role:responsible_supervisor": "boss", "user:old": "ann"}
    for given, name in named.items():
        story = paid(item(KIND, on_behalf_of=given))
        (move,) = [r for r in story.last.events if isinstance(r.event, e.StageMoved)]
        assert (move.envelope.actor, move.envelope.on_behalf_of) == ("trigger:paid", name)


@pytest.mark.parametrize(("over", "moves"), [(5_000, 1), (50_000, 0)])
def test_a_condition_may_test_the_invoice(over: int, moves: int) -> None:
    """False means that the event is ignored: nobody is told."""
    condition = {"field": "invoice.amount", "op": "gt", "value": {"minor": over, "currency": "EUR"}}
    story = paid(item(KIND, condition=condition), amount=EUR_100)

    assert (len(moved(story)), len(alerts(story)), skipped(story)) == (moves, moves, [])


@pytest.mark.parametrize("stage", ["won", "lost"])
def test_no_move_backwards_unless_allowed(stage: str) -> None:
    """The refusal is recorded, and the alert names the unchanged stage."""
    story = paid(item(KIND, stage=stage))
    title = {"won": "Won", "lost": "Lost"}[stage]
    assert (moved(story), skipped(story)) == ([], ["previous_stage_not_allowed"])
    assert alerts(story) == [("ann", f"Desk: invoice of 100.00 EUR was paid. Stage: {title}.")]

    assert moved(paid(item(KIND, stage=stage, allow_previous_stage=True))) == ["assembly"]


def test_already_on_the_stage() -> None:
    """It stays, no rule runs again, and the responsible is told all the same."""
    story = paid(item(KIND, stage="assembly"))

    assert story.kinds() == ["InvoicePaidNoted", "NotificationRequested"]


def test_another_pipeline_and_a_deleted_item_ignore_it() -> None:
    """Nothing fires, nobody is told."""
    other = item(KIND, "deal", pipeline("deal", "other", default=False)).when(c.SaveItem({}, pipeline="other"))
    assert paid(other).kinds() == ["InvoicePaidNoted"]
    assert paid(item(KIND).when(c.DeleteItem())).kinds() == ["ChangeSeen"]


def test_stages_in_between_are_skipped_and_the_new_one_runs() -> None:
    """The rules of `invoice_sent` do not run; those of `assembly` do."""
    rules = [rule(stage, "add_item_comment", stage, {"text": stage}) for stage in ("invoice_sent", "assembly")]
    story = paid(item(KIND, "deal", *rules))

    assert story.only(e.CommentAdded).text.text == "assembly"


def test_the_first_permitted_move_alone_is_made() -> None:
    """In stage order, then listed order."""
    late = trigger("late", KIND, "won")
    early = [trigger(name, KIND, "invoice_sent", order=order) for name, order in (("b", 2), ("a", 1))]
    story = paid(item(KIND, "deal", late, *early))

    assert (moved(story), story.only(e.TriggerFired).trigger_id, len(alerts(story))) == (["invoice_sent"], "a", 1)


def test_each_fact_counts_once_and_each_invoice_by_itself() -> None:
    """A repeated delivery changes nothing; a second invoice fires again."""
    story = paid(item(KIND))
    assert paid(story).events == []

    story.when(c.SaveItem({}, stage="new"))
    assert moved(paid(story, "f2")) == ["assembly"]


def test_a_payment_document_of_the_item_does_not_fire_it() -> None:
    """That is `track_order_payment`."""
    story = item(KIND).when(c.ReportPayment("p", "", "paid", EUR_100, ""), source="app")

    assert story.kinds() == ["PaymentNoted"]


def test_the_timeline_shows_invoice_and_move() -> None:
    """The invoice's status, then the stage change with its author."""
    entries = [timeline_entry(recorded) for recorded in paid(item(KIND)).last.events]

    assert [entry.kind for entry in entries if entry] == ["invoice_paid", "stage_changed"]


# --- where the fact comes from ----------------------------------------------------------------------------------


def linked(*relations: str) -> World:
    """Return an invoice of 100 EUR that is linked to deal 1 by these relations."""
    book = book_of(pipeline(), pipeline("invoice", "bills"), *PEOPLE, trigger("paid", KIND, "assembly"))
    made = World(book).tell("deal/1", c.CreateItem({"title": "Desk"}, responsible="ann"))
    links = tuple(Link("deal", "1", relation) for relation in relations)
    return made.tell("invoice/7", c.CreateItem({"amount": EUR_100}, links=links))


def facts(made: World) -> int:
    """Return how many payment facts the deal got."""
    return len(made.events("deal/1", e.InvoicePaidNoted))


@pytest.mark.parametrize("relations", [("source",), ("related",), ("source", "related")])
def test_whoever_the_invoice_is_linked_to_gets_the_fact_once(relations: tuple[str, ...]) -> None:
    """By whatever relation."""
    made = linked(*relations).tell("invoice/7", c.SaveItem({}, stage="won"))

    assert (facts(made), made.state("deal/1").stage) == (1, "assembly")


def test_only_the_transition_into_paid_counts() -> None:
    """Saving a paid invoice again does not; un-paying and paying again does."""
    made = linked("source").tell("invoice/7", c.SaveItem({}, stage="won"))
    made.tell("invoice/7", c.SaveItem({"title": "x"}, stage="won"))
    assert facts(made) == 1

    made.tell("invoice/7", c.SaveItem({}, stage="new")).tell("invoice/7", c.SaveItem({}, stage="won"))
    assert facts(made) == 2


def test_the_invoices_own_payments_turn_it_paid() -> None:
    """As soon as they cover its amount, and that is the fact."""
    made = linked("source").tell("invoice/7", c.ReportPayment("p1", "", "paid", Money(4_000, "EUR"), ""), source="app")
    assert facts(made) == 0

    made.tell("invoice/7", c.ReportPayment("p2", "", "paid", Money(6_000, "EUR"), ""), source="app")
    assert (facts(made), made.state("invoice/7").stage, made.state("deal/1").stage) == (1, "won", "assembly")


def test_a_failed_invoice_is_not_paid() -> None:
    """The other final stage tells nobody."""
    assert facts(linked("source").tell("invoice/7", c.SaveItem({}, stage="lost"))) == 0
