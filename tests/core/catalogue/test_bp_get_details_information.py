"""The action `bp_get_details_information` (spec 4.25); what it shares with the rule is tested there."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import effects
from automation.values import Personal
from tests.core.catalogue.details_world import COMPANY, PERSON, record, world
from tests.core.catalogue.making_world import refused, results, run
from tests.core.spec import CATALOGUE, TENANT, book_of
from tests.core.world import World

TYPE = "bp_get_details_information"


def clients() -> World:
    """Return a deal, its contact and its company, with a record each."""
    made = record(world(), "contact/c1", "1", "person", passport="P-1", legal__city="Bonn")
    return record(made, "company/f1", "1", "firm", tax_number="77", actual__street="Rue 1", actual__city="Lyon")


def test_a_deal_reads_its_client() -> None:
    """One result per filled field; an address only if asked for."""
    made = run(clients(), TYPE, entity_type="company", template="firm")
    assert results(made) == {"tax_number": "77"}

    run(made, TYPE, entity_type="company", template="firm", address_type="actual")
    assert results(made) == {
        "tax_number": "77", "address": Personal("Rue 1, Lyon"), "address_street": Personal("Rue 1"),
        "address_city": Personal("Lyon"),
    }  # fmt: skip


@pytest.mark.parametrize("given", [{}, {"entity_type": "contact"}])
def test_a_contact_reads_its_own(given: dict[str, str]) -> None:
    """Whose is not asked for."""
    made = run(clients(), TYPE, item="contact/c1", template="person", **given)

    assert results(made, "contact/c1") == {"passport": Personal("P-1")}


def test_a_company_reads_its_own() -> None:
    """As a contact does."""
    made = run(clients(), TYPE, item="company/f1", template="firm")

    assert results(made, "company/f1") == {"tax_number": "77"}


@pytest.mark.parametrize("template", ["firm", "person"])
def test_nothing_found_is_no_failure(template: str) -> None:
    """Neither client nor record: the results are empty."""
    made = run(world(contact=""), TYPE, entity_type="contact", template=template)

    assert results(made) == {}


def test_without_a_client_nobody_is_asked() -> None:
    """The step ends at once."""
    made = run(world(company=""), TYPE, entity_type="company", template="firm")

    assert not made.events("deal/1", effects.ItemAsked)


def test_what_it_publishes() -> None:
    """The fields of the template."""
    view = book_of(COMPANY, PERSON).tenant(TENANT)
    assert view is not None

    assert CATALOGUE[TYPE].results_of({"template": "firm"}, view).keys() >= {"tax_number", "registered_on"}


@pytest.mark.parametrize(
    ("item_type", "change", "paths"),
    [
        ("deal", {"entity_type": "company"}, set()),
        ("deal", {}, {"entity_type"}),
        ("invoice", {"entity_type": "deal"}, {"entity_type"}),
        ("contact", {}, set()),
        ("contact", {"entity_type": "company"}, {"entity_type"}),
        ("company", {"template": "moon"}, {"template"}),
    ],
)
def test_what_saving_refuses(item_type: str, change: dict[str, Any], paths: set[str]) -> None:
    """Whose details is required on items, and not asked for on a contact or company."""
    assert refused(TYPE, {"template": "firm", **change}, item_type, [COMPANY, PERSON]) == paths
