"""The action `bp_create_contact_for_lead` (spec 4.20)."""

from __future__ import annotations

from automation.definitions import models as m
from automation.items import events as e
from automation.items.lead_events import LeadMarkedRepeat
from automation.items.parts import Link
from automation.items.process_events import StepFailed
from automation.values import Personal
from services.history.timeline import journal_entries
from tests.core.catalogue.making_world import LEADS, results, run, world
from tests.core.world import World

TYPE = "bp_create_contact_for_lead"
ADDRESS = m.FieldDef(code="address", title="Address", type="text", personal=True)


def lead(*definitions: m.Definition, **fields: str) -> World:
    """Return a lead with a name and ways to reach somebody."""
    return world("lead/1", *definitions, name="Clara", phone_work="+49 30 1", email_home="c@home.test", **fields)


def test_a_contact_of_the_leads_data() -> None:
    """It is linked to the lead, which is a repeat one from then on."""
    made = run(lead(), TYPE, item="lead/1", responsible="boss")
    (contact,), state = made.items("contact"), made.state("lead/1")

    assert contact.fields == {
        "name": Personal("Clara"), "phone_work": Personal("+49 30 1"), "email_home": Personal("c@home.test"),
    }  # fmt: skip
    assert (contact.responsible, contact.links) == ("boss", (Link("lead", "1", "source"),))
    assert (state.linked("contact"), state.repeat) == (contact.item_id, True)
    assert results(made, "lead/1") == {"contact_id": contact.item_id}


def test_the_mark_stands_in_the_history() -> None:
    """As the change of a field does."""
    (marked,) = run(lead(), TYPE, item="lead/1").recorded("lead/1", LeadMarkedRepeat)

    assert [(change.field, change.old, change.new) for change in journal_entries(marked)] == [("repeat", False, True)]


def test_an_address_goes_along_where_both_have_one() -> None:
    """Contacts without such a field get none."""
    of_leads = LEADS.model_copy(update={"fields": (*LEADS.fields, ADDRESS)})
    lone = run(lead(of_leads, address="Hauptstr. 1"), TYPE, item="lead/1")
    both = run(
        lead(of_leads, m.Fields(item_type="contact", fields=(ADDRESS,)), address="Hauptstr. 1"), TYPE, item="lead/1"
    )

    assert "address" not in lone.items("contact")[0].fields
    assert both.items("contact")[0].fields["address"] == Personal("Hauptstr. 1")


def test_a_contact_that_is_linked_already() -> None:
    """None is created, its id is the result, and the lead is marked; it is marked once."""
    made = run(run(lead(contact="c1"), TYPE, item="lead/1"), TYPE, item="lead/1")

    assert (made.items("contact"), results(made, "lead/1")) == ([], {"contact_id": "c1"})
    assert len(made.events("lead/1", LeadMarkedRepeat)) == 1
    assert not made.events("lead/1", e.FieldsChanged)


def test_a_contact_that_could_not_be_created() -> None:
    """The lead stays as it is."""
    made = lead()
    made.lost.add("contact")
    story = made.story(run(made, TYPE, item="lead/1").state("lead/1").key).wake()

    assert story.only(StepFailed).reason == "delivery_unknown"
    assert not story.state.repeat
