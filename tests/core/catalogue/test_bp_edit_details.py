"""The action `bp_edit_details` (spec 4.27); what it shares with the rule is tested there."""

from __future__ import annotations

from typing import Any

from automation.items import events as e
from automation.items.process_events import StepSkipped
from automation.values import Personal
from services.history.timeline import journal_entries, timeline_entry
from tests.core.catalogue.details_world import COMPANY, PERSON, record, world
from tests.core.catalogue.making_world import failed, refused, results, rows, run
from tests.core.world import World

TYPE = "bp_edit_details"


def edit(made: World, item: str = "deal/1", **params: Any) -> World:
    """Set the passport of the contact."""
    given = {"entity_type": "contact", "template": "person", "fields": rows(passport="P-2"), **params}
    return run(made, TYPE, item=item, **given)


def filled() -> World:
    """Return a deal whose contact has a record."""
    return record(world(), "contact/c1", "1", "person", passport="P-1", legal__city="Bonn")


def test_filled_fields_take_the_new_value() -> None:
    """An empty one stays empty; the change is journalled at the contact, and stands in no timeline."""
    made = edit(filled(), fields=rows(passport="P-2", tax_number="8"))

    assert results(made) == {"changed_fields": ("passport",)}
    assert made.state("contact/c1").details["1"].values["passport"] == Personal("P-2")
    assert "tax_number" not in made.state("contact/c1").details["1"].values
    saved = made.recorded("contact/c1", e.DetailsSaved)[-1]
    assert (saved.envelope.source, saved.envelope.on_behalf_of) == ("business_process", "ann")
    assert (timeline_entry(saved), len(journal_entries(saved))) == (None, 1)


def test_a_process_of_the_contact_edits_its_own() -> None:
    """The record itself is meant."""
    made = edit(filled(), "contact/c1")

    assert results(made, "contact/c1") == {"changed_fields": ("passport",)}
    assert made.state("contact/c1").details["1"].values["passport"] == Personal("P-2")


def test_where_there_is_nothing_to_change() -> None:
    """Each with a code of its own."""
    reasons = [
        edit(world(contact="")),
        edit(world(contact="c9")),
        edit(world()),
        edit(filled(), fields=rows(tax_number="8")),
    ]

    assert [made.events("deal/1", StepSkipped)[0].reason for made in reasons] == [
        "no_linked_entity", "no_linked_entity", "no_details", "no_filled_fields",
    ]  # fmt: skip


def test_a_part_of_an_address() -> None:
    """Of the type that is named."""
    made = edit(filled(), address_type="legal", fields=rows(address_city="Mainz"))

    assert made.state("contact/c1").details["1"].values["legal.city"] == Personal("Mainz")


def test_an_invalid_value_changes_nothing() -> None:
    """The text does not fit a date."""
    made = record(world(), "company/f1", "1", "firm", registered_on="2020-01-01")
    edit(made, entity_type="company", template="firm", fields=rows(registered_on="{{field:title}}"))

    assert failed(made).startswith("invalid_value")
    assert made.state("company/f1").details["1"].values["registered_on"] == "2020-01-01"


def test_what_saving_refuses() -> None:
    """Whose, which template, at least one row; the type of an address where a part of one is listed."""
    params = {"entity_type": "contact", "template": "person"}

    assert refused(TYPE, {**params, "fields": rows(address_city="x")}, also=[COMPANY, PERSON]) == {"address_type"}
    assert refused(TYPE, {**params, "fields": rows(moon="x")}, also=[COMPANY, PERSON]) == {"fields[0]"}
    assert refused(TYPE, {}, also=[COMPANY]) == {"entity_type", "template", "fields"}
