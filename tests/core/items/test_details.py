"""Details records of contacts and companies: saved, changed, deleted (spec 1.14)."""

from __future__ import annotations

import pytest

from automation.errors import ChangeRefusedError
from automation.items import changes as c
from automation.items import events as e
from automation.values import Personal
from services.history.timeline import journal_entries
from tests.core.catalogue.details_world import record, world


def test_a_record_is_made_and_changed() -> None:
    """What a save does not name stays; what it empties is gone."""
    made = record(world(), "contact/c1", "1", "person", passport="P-1", tax_number="7", legal__city="Paris")
    made.tell("contact/c1", c.SaveDetails("1", "", {"passport": "P-2", "tax_number": None}))

    kept = made.state("contact/c1").details["1"]
    assert (kept.template, kept.values) == (
        "person",
        {"passport": Personal("P-2"), "legal.city": Personal("Paris")},
    )


def test_an_empty_record_exists() -> None:
    """It may be filled in later."""
    assert record(world(), "company/f1", "1", "firm").state("company/f1").details["1"].values == {}


def test_saving_the_same_changes_nothing() -> None:
    """A repeat of a save leaves no second change."""
    made = record(record(world(), "contact/c1", "1", "person", passport="P"), "contact/c1", "1", "person", passport="P")

    assert made.events("contact/c1", e.ChangeSeen) == [e.ChangeSeen("no_change")]


def test_a_record_is_deleted() -> None:
    """Its values stay visible in the journal."""
    made = record(world(), "contact/c1", "1", "person", tax_number="7").tell("contact/c1", c.DeleteDetails("1"))
    made.tell("contact/c1", c.DeleteDetails("1"))

    assert made.state("contact/c1").details == {}
    (deleted,) = made.recorded("contact/c1", e.DetailsDeleted)
    assert [(j.field, j.old, j.new) for j in journal_entries(deleted)] == [("details.1.tax_number", "7", None)]


@pytest.mark.parametrize(
    ("item", "change", "reason"),
    [
        ("deal/1", c.SaveDetails("1", "person", {}), "invalid_key"),
        ("contact/c1", c.SaveDetails("1", "unknown", {}), "unknown_template"),
        ("contact/c1", c.SaveDetails("2", "", {}), "unknown_template"),
        ("contact/c1", c.SaveDetails("1", "firm", {}), "invalid_value"),
        ("contact/c1", c.SaveDetails("1", "person", {"registered_on": "2026-01-01"}), "unknown_field"),
        ("contact/c1", c.SaveDetails("1", "person", {"passport": 7}), "invalid_field"),
        ("contact/c1", c.SaveDetails("1", "person", {"legal.city": 7}), "invalid_field"),
        ("contact/c1", c.SaveDetails("1", "person", {"legal.city": "x" * 501}), "invalid_field"),
        ("contact/c1", c.SaveDetails("1", "person", {"home.city": "x"}), "unknown_field"),
        ("contact/c1", c.SaveDetails("", "person", {}), "invalid_value"),
        ("contact/c1", c.DeleteDetails(""), "invalid_value"),
    ],
)
def test_what_a_template_does_not_allow_is_refused(item: str, change: c.ItemChange, reason: str) -> None:
    """The refusal names what is wrong."""
    made = record(world(), "contact/c1", "1", "person", passport="P")

    with pytest.raises(ChangeRefusedError) as refused:
        made.tell(item, change)
    assert refused.value.reason == reason
