"""The rule `edit_details` (spec 3.1.3)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions.validation import check
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from automation.values import Personal
from services.history.timeline import journal_entries, timeline_entry
from tests.core.catalogue.details_world import COMPANY, PERSON, record, world
from tests.core.spec import CATALOGUE, TENANT, kind_of, pipeline, rule
from tests.core.world import World

PASSPORT = {"entity_type": "contact", "template": "person", "fields": [{"field": "passport", "value": "P-2"}]}


def edited(params: dict[str, Any], *records: tuple[str, str, str, dict[str, Any]], **fields: Any) -> World:
    """Return the world after the deal entered the stage of the rule."""
    made = world(rule("edit", "edit_details", "assembly", params), **fields)
    for item, name, template, values in records:
        record(made, item, name, template, **values)
    return made.tell("deal/1", c.SaveItem({}, stage="assembly"))


def outcome(made: World) -> tuple[str, str]:
    """Return how the rule ended: event and reason."""
    (ended,) = [r for kind in _ENDINGS for r in made.events("deal/1", kind)]
    return type(ended).__name__, getattr(ended, "reason", "")


_ENDINGS = (e.RuleRunCompleted, e.RuleRunSkipped, e.RuleRunFailed)


def changed(made: World) -> tuple[str, ...]:
    """Return the published names of changed fields."""
    (done,) = made.events("deal/1", e.RuleRunCompleted)
    return done.results["changed_fields"]


def test_filled_fields_take_the_new_value() -> None:
    """The record of the linked contact is changed, and the change is published."""
    made = edited(PASSPORT, ("contact/c1", "1", "person", {"passport": "P-1", "tax_number": "7"}))

    assert made.state("contact/c1").details["1"].values == {"passport": Personal("P-2"), "tax_number": "7"}
    assert changed(made) == ("passport",)


def test_a_listed_field_that_is_empty_stays_empty() -> None:
    """Only fields already filled in are changed."""
    rows = [{"field": "passport", "value": "P-2"}, {"field": "tax_number", "value": "8"}]
    made = edited(PASSPORT | {"fields": rows}, ("contact/c1", "1", "person", {"passport": "P-1"}))

    assert made.state("contact/c1").details["1"].values == {"passport": Personal("P-2")}
    assert changed(made) == ("passport",)


def test_all_listed_fields_empty() -> None:
    """Nothing is changed."""
    made = edited(PASSPORT, ("contact/c1", "1", "person", {"tax_number": "7"}))

    assert outcome(made) == ("RuleRunSkipped", "no_filled_fields")


def test_no_record_with_the_template() -> None:
    """A record of another template does not count."""
    made = edited(PASSPORT, ("contact/c1", "1", "firm", {"tax_number": "7"}))

    assert outcome(made) == ("RuleRunSkipped", "no_details")


@pytest.mark.parametrize("contact", [None, "gone"])
def test_no_linked_entity(contact: str | None) -> None:
    """Nobody is linked, or somebody who does not exist."""
    assert outcome(edited(PASSPORT, contact=contact)) == ("RuleRunSkipped", "no_linked_entity")


def test_a_deleted_contact_is_no_linked_entity() -> None:
    """Who was deleted has no details to change."""
    made = world(rule("edit", "edit_details", "assembly", PASSPORT))
    made.tell("contact/c1", c.DeleteItem()).tell("deal/1", c.SaveItem({}, stage="assembly"))

    assert outcome(made) == ("RuleRunSkipped", "no_linked_entity")


def test_an_empty_value_clears_the_field() -> None:
    """An inserted value that is empty clears, too."""
    params = PASSPORT | {"fields": [{"field": "passport", "value": "{{field:comments}}"}]}
    made = edited(params, ("contact/c1", "1", "person", {"passport": "P-1", "tax_number": "7"}))

    assert made.state("contact/c1").details["1"].values == {"tax_number": "7"}
    assert changed(made) == ("passport",)


def test_equal_values_are_no_change() -> None:
    """The rule has done its work, and nothing is journalled."""
    made = edited(PASSPORT, ("contact/c1", "1", "person", {"passport": "P-2"}))

    assert changed(made) == ()
    assert len(made.events("contact/c1", e.DetailsSaved)) == 1


def test_values_come_from_constants_and_item_fields() -> None:
    """A new value is taken through an insertion, in the type of its field."""
    rows = [{"field": "tax_number", "value": "{{field:title}}"}, {"field": "registered_on", "value": "2026-01-31"}]
    params = {"entity_type": "company", "template": "firm", "fields": rows}
    made = edited(params, ("company/f1", "1", "firm", {"tax_number": "1", "registered_on": "2020-01-01"}))

    assert made.state("company/f1").details["1"].values == {"tax_number": "Desk", "registered_on": "2026-01-31"}


def test_a_value_of_another_type_is_refused() -> None:
    """A date field takes no title."""
    rows = [{"field": "registered_on", "value": "{{field:title}}"}]
    params = {"entity_type": "company", "template": "firm", "fields": rows}

    assert outcome(edited(params)) == ("RuleRunFailed", "invalid_value:fields")


def test_address_fields_refer_to_the_address_of_the_type() -> None:
    """The legal address is changed, the actual one is not."""
    rows = [{"field": "address_city", "value": "Lyon"}, {"field": "address_street", "value": "Rue 1"}]
    params = {"entity_type": "company", "template": "firm", "fields": rows, "address_type": "legal"}
    places = {"legal__city": "Paris", "actual__city": "Paris"}
    made = edited(params, ("company/f1", "1", "firm", places))

    assert made.state("company/f1").details["1"].values == {
        "legal.city": Personal("Lyon"),
        "actual.city": Personal("Paris"),
    }
    assert changed(made) == ("legal.city",)


def test_the_chosen_record_comes_before_the_lowest() -> None:
    """The deal names the record, whose template matches."""
    records = [("contact/c1", name, "person", {"passport": "P-1"}) for name in ("2", "10")]
    made = edited(PASSPORT, *records, contact_details="10")

    assert made.state("contact/c1").details["10"].values == {"passport": Personal("P-2")}
    assert made.state("contact/c1").details["2"].values == {"passport": Personal("P-1")}


@pytest.mark.parametrize("chosen", [None, "firm-1", "nowhere"])
def test_else_the_lowest_id_is_meant_numbers_first(chosen: str | None) -> None:
    """10 comes after 2, and both before a text."""
    records = [("contact/c1", name, "person", {"passport": "P-1"}) for name in ("a1", "10", "2")]
    made = edited(PASSPORT, *records, ("contact/c1", "firm-1", "firm", {"tax_number": "1"}), contact_details=chosen)

    assert made.state("contact/c1").details["2"].values == {"passport": Personal("P-2")}


def test_the_change_is_journalled_and_stands_in_no_timeline() -> None:
    """History of the contact: old and new value, the rule, and in whose name."""
    made = edited(PASSPORT, ("contact/c1", "1", "person", {"passport": "P-1"}))
    recorded = made.recorded("contact/c1", e.DetailsSaved)[-1]

    (entry,) = journal_entries(recorded)
    assert (entry.field, entry.old, entry.new) == ("details.1.passport", Personal("P-1"), Personal("P-2"))
    assert (entry.actor, entry.on_behalf_of) == ("rule:edit", "ann")
    assert timeline_entry(recorded) is None


def test_a_repeated_request_has_no_second_effect() -> None:
    """The request carries the step's key."""
    made = edited(PASSPORT, ("contact/c1", "1", "person", {"passport": "P-1"}))
    made.tell("contact/c1", c.SaveDetails("1", "", {"passport": "P-3"}))
    made.redeliver(made.recorded("deal/1", effects.ItemAsked)[0])

    assert made.state("contact/c1").details["1"].values == {"passport": Personal("P-3")}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"template": "unknown"}, "params.template"),
        ({"template": "{{field:title}}"}, "params.template"),
        ({"fields": [{"field": "registered_on", "value": "2026-01-01"}]}, "params.fields[0]"),
        ({"fields": []}, "params.fields"),
        ({"entity_type": "deal"}, "params.entity_type"),
        ({"address_type": "home"}, "params.address_type"),
        ({"fields": [{"field": "address_city", "value": "x"}]}, "params.address_type"),
    ],
)
def test_saving_says_what_is_wrong(params: dict[str, Any], path: str) -> None:
    """Unknown template, a field of another template, an address field without the type of address…"""
    made = rule("edit", "edit_details", "assembly", PASSPORT | params)
    known = {(kind_of(d), d.id): d for d in (pipeline(), COMPANY, PERSON)}
    checked = check(CATALOGUE, TENANT, known, {("rule", "edit"): made})

    assert path in [flaw.path for flaw in checked.errors]
