"""Links both ways: an invoice linked to its deal stands at the deal, too (spec 3.1.2, 6.1)."""

from __future__ import annotations

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.items.parts import Link
from automation.values import Money
from services.history.timeline import timeline_entry
from tests.core.spec import PEOPLE, book_of, pipeline
from tests.core.world import World

SOURCE = Link("deal", "1", "source")
CREATED = Link("invoice", "7", "created")


def world() -> World:
    """Return a deal."""
    made = World(book_of(pipeline(), pipeline("invoice", "bills"), *PEOPLE))
    return made.tell("deal/1", c.CreateItem({"title": "Desk"}))


def test_the_source_links_back() -> None:
    """Whether the link came with the creation or with a save."""
    made = world().tell("invoice/7", c.CreateItem({}, links=(SOURCE,)))
    made.tell("invoice/8", c.CreateItem({})).tell("invoice/8", c.SaveItem({}, link=(SOURCE,)))

    assert made.state("deal/1").links == (CREATED, Link("invoice", "8", "created"))


@pytest.mark.parametrize("relation", ["created", "invoice"])
def test_who_was_created_links_back(relation: str) -> None:
    """The link may be set on either side, and stands once on each."""
    link = Link("invoice", "7", relation)
    made = world().tell("invoice/7", c.CreateItem({})).tell("deal/1", c.SaveItem({}, link=(link,)))
    made.tell("invoice/7", c.SaveItem({}, link=(SOURCE,)))

    assert (made.state("deal/1").links, made.state("invoice/7").links) == ((link,), (SOURCE,))


def test_a_link_set_at_the_source_alone_brings_the_payment_fact() -> None:
    """The invoice knows whom to tell."""
    made = world().tell("invoice/7", c.CreateItem({"amount": Money(5, "EUR")}))
    made.tell("deal/1", c.SaveItem({}, link=(Link("invoice", "7", "invoice"),)))
    made.tell("invoice/7", c.SaveItem({}, stage="won"))

    assert [fact.invoice_id for fact in made.events("deal/1", e.InvoicePaidNoted)] == ["7"]


def test_unlinking_goes_both_ways() -> None:
    """The other side forgets it, too."""
    made = world().tell("invoice/7", c.CreateItem({}, links=(SOURCE,)))
    made.tell("invoice/7", c.SaveItem({}, unlink=(SOURCE,)))

    assert (made.state("deal/1").links, made.state("invoice/7").links) == ((), ())


def test_other_relations_stay_on_one_side() -> None:
    """A client is not told that an item names it."""
    made = world().tell("contact/c1", c.CreateItem({}))
    made.tell("deal/1", c.SaveItem({}, link=(Link("contact", "c1", "client"), Link("deal", "2", "related"))))

    assert made.state("contact/c1").links == ()
    assert made.items("deal") == [made.state("deal/1")]


def test_an_unknown_source_leaves_nothing_behind() -> None:
    """Nobody is there to link back."""
    made = world().tell("invoice/7", c.CreateItem({}, links=(Link("deal", "2", "source"),)))

    assert made.state("deal/2").version == 0


def test_both_timelines_say_what_was_created_from_what() -> None:
    """An entry on the invoice and one on the deal."""
    made = world().tell("invoice/7", c.CreateItem({}, links=(SOURCE,)))
    entries = [timeline_entry(made.recorded(item, e.ItemLinked)[0]) for item in ("invoice/7", "deal/1")]

    assert [(entry.kind, entry.facts) for entry in entries if entry] == [
        ("created_from", {"item_type": "deal", "item_id": "1"}),
        ("created_from", {"item_type": "invoice", "item_id": "7", "created": True}),
    ]
