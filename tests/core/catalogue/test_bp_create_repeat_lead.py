"""The action `bp_create_repeat_lead` (spec 4.22)."""

from __future__ import annotations

from automation.items import changes as c
from automation.items.parts import Link, ProductRow
from automation.values import Money, Personal
from tests.core.catalogue.making_world import failed, refused, results, run, world
from tests.core.spec import CATALOGUE
from tests.core.world import World

TYPE = "bp_create_repeat_lead"
ROWS = (ProductRow("p1", "Chair", 2_000, Money(500, "USD"), "row"),)
CLIENT = Link("contact", "c2", "client")


def deal() -> World:
    """Return a deal with products and clients."""
    made = world(amount=Money(1_000, "USD"), contact="c1", company="f1", email_work="c@home.test", name="Clara")
    return made.tell("deal/1", c.SaveItem({}, rows=ROWS, link=(CLIENT, Link("deal", "9", "related"))))


def test_the_lead_of_a_deal() -> None:
    """Client, contact data, products, amount and currency are copied; it is marked, and refers to the deal."""
    made = run(deal(), TYPE, lead_name="Again: {{field:title}}")
    (lead,) = made.items("lead")

    assert lead.fields == {
        "title": "Again: Desk", "amount": Money(1_000, "USD"), "contact": "c1", "company": "f1",
        "email_work": Personal("c@home.test"), "name": Personal("Clara"),
    }  # fmt: skip
    assert (lead.rows, lead.repeat, lead.stage, lead.responsible) == (ROWS, True, "new", "ann")
    assert lead.links == (Link("deal", "1", "source"), CLIENT)
    assert Link("lead", lead.item_id, "created") in made.state("deal/1").links
    assert results(made) == {"lead_id": lead.item_id}


def test_somebody_else_is_responsible() -> None:
    """If named."""
    assert run(deal(), TYPE, lead_name="Again", responsible="boss").items("lead")[0].responsible == "boss"


def test_a_lead_without_a_name() -> None:
    """An inserted one may be empty."""
    made = run(deal(), TYPE, lead_name="{{field:comments}}")

    assert (failed(made), made.items("lead")) == ("missing_value:lead_name", [])


def test_only_templates_of_deals_take_it() -> None:
    """And a name is required."""
    assert CATALOGUE[TYPE].step_types == ("deal",)
    assert refused(TYPE, {}) == {"lead_name"}
