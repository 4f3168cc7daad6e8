"""The action `bp_get_crm_data` (spec 4.37)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.values import Money, Personal
from tests.core.catalogue.making_world import begin, failed, refused, results, run, world
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, action, book_of
from tests.core.world import World

TYPE = "bp_get_crm_data"
LEADS = m.Fields(
    item_type="lead",
    fields=(
        m.FieldDef(code="due", title="Due", type="datetime"),
        m.FieldDef(code="hot", title="Hot", type="bool"),
        m.FieldDef(code="keepers", title="Keepers", type="user", multiple=True),
    ),
)


def leads(**fields: Any) -> World:
    """Return a deal and the lead 7."""
    made = world("deal/1", LEADS)
    given = {"title": "Table", "name": "Clara", "amount": Money(150, "EUR"), "hot": True, "due": 0, **fields}
    return made.tell("lead/7", c.CreateItem({**given, "keepers": ("boss", "ann")}, responsible="boss"))


def read(made: World, *codes: str, **more: Any) -> World:
    """Read fields of the lead 7."""
    return run(made, TYPE, **{"entity_id": "7", "entity_type": "lead", "select_fields": list(codes), **more})


def test_one_result_per_field_in_its_native_type() -> None:
    """A user is an id; what is not set is left out."""
    made = read(leads(), "title", "name", "amount", "responsible", "hot", "due", "company", "keepers")

    assert results(made) == {
        "title": "Table", "name": Personal("Clara"), "amount": Money(150, "EUR"), "responsible": "boss", "hot": True,
        "due": 0, "keepers": ("boss", "ann"),
    }  # fmt: skip


def test_as_people_read_them() -> None:
    """A user's name, an amount with its currency, a moment in the platform's time; what is not set is empty."""
    made = read(leads(), "name", "amount", "responsible", "hot", "due", "company", "keepers", printable=True)

    assert results(made) == {
        "name": Personal("Clara"), "amount": "1.50 EUR", "responsible": "Berta Boss", "hot": "yes",
        "due": "1970-01-01 00:00", "company": "", "keepers": "Berta Boss, Ann Example",
    }  # fmt: skip


def test_the_moment_of_creation_is_read_like_a_field() -> None:
    """As a moment, or in the platform's time."""
    assert results(read(leads(), "created_at")) == {"created_at": 1_000}
    assert results(read(leads(), "created_at", printable=True)) == {"created_at": "1970-01-01 00:00"}


def test_later_steps_insert_it() -> None:
    """The amount keeps its type."""
    reads = action(TYPE, "read", entity_id="7", entity_type="lead", select_fields=["amount", "title"])
    row = {"field": "amount", "value": "{{result:read.amount}}"}
    title = {"field": "title", "value": "{{result:read.title}} again"}
    made = begin(leads(), "deal/1", reads, action("bp_create_deal", "make", fields=[row, title]))

    (deal,) = [one for one in made.items("deal") if one.item_id != "1"]
    assert deal.fields == {"amount": Money(150, "EUR"), "title": "Table again"}


@pytest.mark.parametrize("name", ["8", "x" * 300, "a\nb"])
def test_an_unknown_record(name: str) -> None:
    """There are no results, and nothing is left behind of it."""
    made = read(leads(), "title", entity_id=name)

    assert failed(made) == "item_not_found"
    assert made.state("lead/8").version == 0


def test_a_record_that_is_gone() -> None:
    """It is not there any more."""
    made = read(leads().tell("lead/7", c.DeleteItem()), "title")

    assert failed(made) == "item_not_found"


def test_without_an_id() -> None:
    """An inserted one may be empty."""
    assert failed(read(leads(), "title", entity_id="{{field:contact}}")) == "missing_value:entity_id"


def test_reading_changes_nothing() -> None:
    """Neither here nor there."""
    made = read(leads(), "title")

    assert [type(found.event).__name__ for found in made.log[made.state("lead/7").key]] == [
        "ItemCreated",
        "ItemAnswered",
    ]


def test_what_it_publishes() -> None:
    """Native types, or texts."""
    view = book_of(*PEOPLE, LEADS).tenant(TENANT)
    assert view is not None
    params = {"entity_type": "lead", "select_fields": ["amount", "responsible", "due"]}

    assert CATALOGUE[TYPE].results_of(params, view) == {"amount": "money", "responsible": "user", "due": "datetime"}
    assert set(CATALOGUE[TYPE].results_of({**params, "printable": True}, view).values()) == {"text"}


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({}, set()),
        ({"entity_type": "invoice"}, {"entity_type"}),
        ({"select_fields": ["title", "moon"]}, {"select_fields[1]"}),
        ({"select_fields": ["source"]}, {"select_fields[0]"}),
        ({"select_fields": []}, {"select_fields"}),
    ],
)
def test_what_saving_refuses(change: dict[str, Any], paths: set[str]) -> None:
    """Fields that the type does not have, and types that cannot be read so."""
    params = {"entity_id": "7", "entity_type": "lead", "select_fields": ["title", "stage"], **change}

    assert refused(TYPE, params, "lead", [LEADS]) == paths
