"""The action `bp_send_client_sms` (spec 4.31)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import process_events as p
from automation.items.effects import ItemAsked
from automation.items.message_effects import SmsRequested
from automation.items.parts import Link
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.planning_world import TYPES, item_of
from tests.core.catalogue.test_send_client_sms import SMS
from tests.core.spec import Story, action, deal, put, template


def send(story: Story, **params: Any) -> Story:
    """Run the action with a text and the provider that is there, unless said otherwise."""
    put(story.book, SMS)
    return story.run("bp_send_client_sms", **{"text": "Order {{field:title}}", "provider": "sms", **params})


def test_the_client_gets_it_at_the_items_number() -> None:
    """The step waits for the provider, and the message's id is the result."""
    story = send(deal(phone_work=Personal("+491")))
    sms = story.only(SmsRequested)

    assert (sms.audience, sms.connection, sms.to.text, sms.text.text) == ("client", "sms", "+491", "Order Desk")
    assert len(story.state.steps) == 1
    assert story.answer(sms).only(p.StepCompleted).results == {"message_id": sms.effect_id}


def test_a_mobile_number_comes_first() -> None:
    """Spec 4.31."""
    assert send(deal(phone_work="+1", phone_mobile="+2", phone_home="+3")).only(SmsRequested).to.text == "+2"


@pytest.mark.parametrize("item_type", TYPES)
def test_any_item_of_a_crm_may_send_it(item_type: str) -> None:
    """A contact or company at its own number."""
    assert send(item_of(item_type, phone_mobile="+2")).only(SmsRequested).to.text == "+2"


def test_contact_and_then_company_are_asked() -> None:
    """Only where the item itself has no number, and the contact none either."""
    story = send(deal(contact="c1", company="c2"))
    assert story.only(ItemAsked).target == "acme/contact/c1"
    story.answer(story.only(ItemAsked))
    assert story.only(ItemAsked).target == "acme/company/c2"
    assert story.answer(story.only(ItemAsked), phone=Personal("+49555")).only(SmsRequested).to.text == "+49555"


def test_a_company_without_a_number_asks_its_primary_contact() -> None:
    """The first `client` link."""
    story = item_of("company").when(c.SaveItem({}, link=(Link("contact", "c7", "client"),)))
    assert send(story).only(ItemAsked).target == "acme/contact/c7"


def test_nobody_has_a_number() -> None:
    """Neither item nor contact nor company, or the contact does not exist; the process goes on."""
    assert send(deal()).only(p.StepFailed).reason == "no_phone"
    story = send(deal(contact="c1"))
    story.answer(story.only(ItemAsked), "failed", "item_not_found")
    assert story.only(p.StepFailed).reason == "no_phone"
    assert story.only(p.ProcessEnded).outcome == "completed"


def test_without_a_connected_provider_nothing_is_sent() -> None:
    """Unknown, or a connection of another channel."""
    assert send(deal(phone_work="+1"), provider="other").only(p.StepFailed).reason == "no_provider"


def test_an_empty_text_is_missing_and_a_long_one_is_not_cut() -> None:
    """The limit of 200 characters is that of employees' SMS."""
    assert send(deal(phone_work="+1"), text="{{field:comments}}").only(p.StepFailed).reason == "missing_value:text"
    assert len(send(deal(phone_work="+1"), text="x" * 900).only(SmsRequested).text.text) == 900


@pytest.mark.parametrize("reason", ["delivery", "delivery_unknown", "daily_cap_reached"])
def test_a_failed_delivery_is_the_steps_reason(reason: str) -> None:
    """What the channel says."""
    story = send(deal(phone_work="+1"))
    assert story.answer(story.only(SmsRequested), "failed", reason).only(p.StepFailed).reason == reason


def test_an_answer_that_never_comes_is_of_unknown_fate() -> None:
    """The deadline passes."""
    assert send(deal(phone_work="+1")).wake().only(p.StepFailed).reason == "delivery_unknown"


def test_a_later_step_has_the_id_and_a_retry_sends_another_message() -> None:
    """Spec 1.7, 6.1: results of steps are in scope of the instance, attempts have keys of their own."""
    story = deal(SMS, phone_work="+1")
    step = {
        **action("bp_send_client_sms", "sms", text="Hi", provider="sms"),
        "on_error": {"retry": 1, "retry_after": 1_000},
    }
    put(story.book, template(step, action("bp_create_activity", "act", subject="{{result:sms.message_id}}")))
    first = story.begin().only(SmsRequested)
    second = story.answer(first, "failed", "delivery").wake().only(SmsRequested)
    assert first.effect_id != second.effect_id

    story.answer(second)
    assert [one.subject.text for one in story.state.activities.values()] == [second.effect_id]


def test_it_stands_in_the_timeline() -> None:
    """Of a contact, too: an outgoing SMS, made by the process for the responsible."""
    story = send(item_of("contact", phone_work=Personal("+491")))
    (entry,) = [found for r in story.last.events if (found := timeline_entry(r)) and "process" not in found.kind]

    assert (entry.kind, entry.facts["to"], entry.facts["text"]) == (
        "client_sms", Personal("+491"), Personal("Order Desk"),
    )  # fmt: skip
    assert (entry.actor[:8], entry.on_behalf_of) == ("process:", "ann")
