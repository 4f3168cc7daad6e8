"""The action `bp_create_spa_item` (spec 4.14)."""

from __future__ import annotations

from automation.items.parts import Link
from automation.values import Money
from tests.core.catalogue.making_world import SPA, failed, refused, results, rows, run, world

TYPE = "bp_create_spa_item"


def test_an_item_of_the_smart_process() -> None:
    """Its fields are those of the type; multiple ones take several values."""
    given = rows(title="Fix {{field:title}}", cost="{{field:amount}}", tags=["red", "blue"])
    made = run(world(amount=Money(5, "EUR")), TYPE, spa_type="repair", fields=given)

    (repair,) = made.items(SPA)
    assert repair.fields == {"title": "Fix Desk", "cost": Money(5, "EUR"), "tags": ("red", "blue"), "deal": "1"}
    assert (repair.stage, repair.pipeline, repair.responsible) == ("new", "repairs", "ann")
    assert results(made) == {"item_id": repair.item_id}


def test_the_current_item_is_its_parent_where_the_type_has_a_field_for_it() -> None:
    """A deal does, a lead does not; a value of its own stands."""
    child = run(world(), TYPE, spa_type="repair").items(SPA)[0]
    none = run(world("lead/1"), TYPE, item="lead/1", spa_type="repair").items(SPA)[0]
    own = run(world(), TYPE, spa_type="repair", fields=rows(deal="7")).items(SPA)[0]

    assert (child.fields, child.links) == ({"deal": "1"}, (Link("deal", "1", "related"),))
    assert (none.fields, none.links) == ({}, ())
    assert (own.fields, own.links) == ({"deal": "7"}, ())


def test_a_stage() -> None:
    """Of the item's own pipeline."""
    assert run(world(), TYPE, spa_type="repair", fields=rows(stage="won")).items(SPA)[0].stage == "won"


def test_an_option_that_is_not_there() -> None:
    """Nothing is created."""
    made = run(world(title="green"), TYPE, spa_type="repair", fields=rows(tags=["{{field:title}}"]))

    assert (failed(made), made.items(SPA)) == ("invalid_value:tags", [])


def test_what_saving_refuses() -> None:
    """Unknown smart processes, fields of others, and a smart process that is inserted: the fields depend on it."""
    assert refused(TYPE, {"spa_type": "repair", "fields": rows(cost={"minor": 5, "currency": "EUR"})}) == set()
    assert refused(TYPE, {"spa_type": "moon"}) == {"spa_type"}
    assert refused(TYPE, {"spa_type": "{{field:title}}"}) == {"spa_type"}
    assert refused(TYPE, {"fields": rows(title="x")}) == {"spa_type"}
    assert refused(TYPE, {"spa_type": "repair", "fields": rows(budget=1)}) == {"fields[0]"}
