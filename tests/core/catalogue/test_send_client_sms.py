"""The rule `send_client_sms` (spec 3.3, 4.31)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ItemAnswered, ItemAsked
from automation.items.message_effects import SmsRequested
from automation.items.parts import Link
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.spec import Story, deal, rule

SMS = m.Connection(id="sms", channel="sms", provider="recording")


def sent(provider: str = "sms", text: str = "Order {{field:title}}", **fields: Any) -> Story:
    """Return a deal that entered the stage of the rule."""
    params = {"text": text, "provider": provider}
    story = deal(rule("sms", "send_client_sms", "assembly", params), SMS, **fields)
    return story.when(c.SaveItem({}, stage="assembly"))


def test_the_client_gets_it_at_the_items_number() -> None:
    """The message's id is the result."""
    story = sent(phone_work=Personal("+491"))
    sms = story.only(SmsRequested)

    assert (sms.audience, sms.connection, sms.to.text, sms.text.text) == ("client", "sms", "+491", "Order Desk")
    assert story.answer(sms).only(e.RuleRunCompleted).results == {"message_id": sms.effect_id}


@pytest.mark.parametrize(
    ("numbers", "first"),
    [
        ({"phone_work": "+1", "phone_mobile": "+2", "phone_home": "+3"}, "+2"),
        ({"phone_home": "+3", "phone_work": "+1"}, "+1"),
        ({"phone_other": "+4", "phone_home": "+3"}, "+3"),
        ({"phone_other": "+4"}, "+4"),
    ],
)
def test_a_mobile_number_comes_first(numbers: dict[str, str], first: str) -> None:
    """Then work, home, other."""
    assert sent(**{kind: Personal(number) for kind, number in numbers.items()}).only(SmsRequested).to.text == first


def test_contact_and_then_company_are_asked() -> None:
    """Only where the item itself has no number, and the contact none either."""
    story = sent(contact="c1", company="c2")
    contact = story.only(ItemAsked)
    assert (contact.target, contact.args) == ("acme/contact/c1", {"kind": "phone"})
    story.answer(contact)
    company = story.only(ItemAsked)
    assert company.target == "acme/company/c2"
    story.answer(company, phone=Personal("+49555"))

    assert story.only(SmsRequested).to.text == "+49555"


def test_the_primary_contact_may_be_a_link() -> None:
    """The first `client` link of that type."""
    story = deal(rule("sms", "send_client_sms", "assembly", {"text": "Hi", "provider": "sms"}), SMS)
    story.when(c.SaveItem({}, link=(Link("contact", "c7", "client"),), stage="assembly"))

    assert story.only(ItemAsked).target == "acme/contact/c7"


def test_a_contact_answers_with_its_first_number() -> None:
    """What the question `contact_point` gives back."""
    story = deal(phone_home=Personal("+3"), phone_mobile=Personal("+2"))
    story.when(c.AskItem("e", "r", "contact_point", {"kind": "phone"}, "acme/deal/9"), source="system")

    assert story.only(ItemAnswered).results == {"phone": Personal("+2")}


def test_nobody_has_a_number() -> None:
    """Neither item nor contact nor company."""
    assert sent().only(e.RuleRunFailed).reason == "no_phone"
    story = sent(contact="c1")
    assert story.answer(story.only(ItemAsked)).only(e.RuleRunFailed).reason == "no_phone"


def test_a_contact_that_does_not_exist_has_no_number() -> None:
    """Its refusal is an answer without one."""
    story = sent(contact="c1")
    story.answer(story.only(ItemAsked), "failed", "item_not_found")

    assert story.only(e.RuleRunFailed).reason == "no_phone"


def test_without_a_connected_provider_nothing_is_sent() -> None:
    """An unknown provider."""
    assert sent("other", phone_work=Personal("+491")).only(e.RuleRunFailed).reason == "no_provider"


def test_there_is_no_limit_of_200_characters() -> None:
    """Long texts are split by the provider; nothing is cut."""
    story = sent(text="x" * 900, phone_work=Personal("+491"))
    assert len(story.only(SmsRequested).text.text) == 900
    assert story.answer(story.only(SmsRequested)).only(e.RuleRunCompleted).notes == ()


def test_an_empty_text_is_missing() -> None:
    """A required value that is empty at run time."""
    story = sent(text="{{field:comments}}", phone_work=Personal("+491"))
    assert story.only(e.RuleRunFailed).reason == "missing_value:text"


def test_it_stands_in_the_timeline() -> None:
    """An outgoing SMS entry, in contrast to 3.2.9."""
    story = sent(phone_work=Personal("+491"))
    (entry,) = [timeline_entry(r) for r in story.last.events if isinstance(r.event, SmsRequested)]

    assert entry is not None
    assert (entry.kind, entry.facts["to"], entry.facts["text"]) == (
        "client_sms", Personal("+491"), Personal("Order Desk"),
    )  # fmt: skip
