"""The rule `get_details_values` (spec 3.1.4)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.validation import check
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.items.parts import Link
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.details_world import COMPANY, PERSON, record, world
from tests.core.spec import CATALOGUE, TENANT, kind_of, pipeline, rule
from tests.core.world import World

READ = {"entity_type": "company", "template": "firm"}


def read(params: dict[str, Any], *more: Any, **fields: Any) -> World:
    """Return the world after the deal entered the stage of the rule; the firm has one record."""
    made = world(rule("get", "get_details_values", "assembly", params), *more, **fields)
    values = {"tax_number": "77", "actual__street": "Rue 1", "actual__city": "Lyon", "legal__city": "Paris"}
    record(made, "company/f1", "1", "firm", **values)
    return made.tell("deal/1", c.SaveItem({}, stage="assembly"))


def results(made: World) -> Any:
    """Return what the rule published."""
    return made.events("deal/1", e.RuleRunCompleted)[0].results


def test_one_result_for_each_filled_field() -> None:
    """Without an address type there are no address results."""
    assert results(read(READ)) == {"tax_number": "77"}


def test_the_address_of_the_type_in_one_line_and_in_parts() -> None:
    """The parts stand in their order."""
    assert results(read(READ | {"address_type": "actual"})) == {
        "tax_number": "77",
        "address": Personal("Rue 1, Lyon"),
        "address_street": Personal("Rue 1"),
        "address_city": Personal("Lyon"),
    }


def test_no_address_of_the_type() -> None:
    """There is nothing to publish of it."""
    assert results(read(READ | {"address_type": "business"})) == {"tax_number": "77"}


@pytest.mark.parametrize(
    ("params", "fields"),
    [
        (READ | {"template": "person"}, {}),
        (READ, {"company": None}),
        (READ, {"company": "unknown"}),
        ({"entity_type": "contact", "template": "person"}, {}),
    ],
)
def test_nothing_found_completes_with_empty_results(params: dict[str, Any], fields: dict[str, Any]) -> None:
    """No record of the template, nobody linked, an unknown company."""
    assert results(read(params, **fields)) == {}


def test_the_courier_is_told_the_actual_address() -> None:
    """A later rule of the stage inserts the result."""
    text = {"text": "Deliver to {{result:get.address}} ({{result:get.tax_number}})", "recipients": ["user:ann"]}
    made = read(READ | {"address_type": "actual"}, rule("tell", "add_notification", "assembly", text, order=1))

    (told,) = [event for event in made.asked if isinstance(event, effects.NotificationRequested)]
    assert told.text == Personal("Deliver to Rue 1, Lyon (77)")


def test_it_changes_nothing_and_stands_in_no_timeline() -> None:
    """Neither on the deal nor on the company."""
    made = read(READ)
    kinds = [type(r.event).__name__ for r in made.log[made.state("company/f1").key]]

    assert kinds == ["ItemCreated", "DetailsSaved", "ItemAnswered"]
    assert all(timeline_entry(r) is None for r in made.log[made.state("deal/1").key][2:])


def test_the_linked_company_is_the_primary_one() -> None:
    """Where the field is empty, the first client link counts."""
    links = (Link("company", "f1", "client"), Link("company", "f2", "client"))
    made = world(rule("get", "get_details_values", "assembly", READ), company=None)
    record(made, "company/f1", "1", "firm", tax_number="1")
    made.tell("deal/1", c.SaveItem({}, stage="assembly", link=links))

    assert results(made) == {"tax_number": "1"}


@pytest.mark.parametrize("name", ["get.address_city", "get.passport"])
def test_results_that_there_will_not_be_are_refused_on_save(name: str) -> None:
    """Which results there are depends on template and address type."""
    get = rule("get", "get_details_values", "assembly", READ)
    tell = rule("tell", "add_item_comment", "assembly", {"text": f"{{{{result:{name}}}}}"}, order=1)
    known = {(kind_of(d), d.id): d for d in (pipeline(), COMPANY, PERSON)}
    checked = check(CATALOGUE, TENANT, known, {("rule", "get"): get, ("rule", "tell"): tell})

    assert [(flaw.id, flaw.path) for flaw in checked.errors] == [("tell", "params.text")]
