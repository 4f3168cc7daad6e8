"""The action `bp_send_client_email` (spec 4.32)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.effects import ClientEmailRequested, ItemAsked
from automation.values import Personal
from services.history.timeline import timeline_entry
from tests.core.catalogue.planning_world import TYPES, item_of
from tests.core.catalogue.test_send_client_email import FILES, TEXT
from tests.core.spec import Story, action, deal, put, template, trigger


def send(story: Story, **params: Any) -> Story:
    """Run the action with a subject and a text unless said otherwise."""
    return story.run("bp_send_client_email", **{**TEXT, **params})


def test_the_client_gets_it_from_the_responsibles_first_address() -> None:
    """BBCode, no tracking and no files unless said otherwise; the message's id is the result."""
    story = send(deal(email_work=Personal("client@home.test")))
    mail = story.only(ClientEmailRequested)

    assert (mail.to.text, mail.sender, mail.subject.text) == ("client@home.test", "ann@acme.test", "Your Desk")
    assert (mail.text_type, mail.track_clicks, mail.attachments) == ("bbcode", False, ())
    assert story.answer(mail).only(p.StepCompleted).results == {"message_id": mail.effect_id}


def test_an_extra_sender_need_not_be_connected() -> None:
    """Any address may be given."""
    story = send(deal(email_work="a@b.test"), **{"from": "x@else.test"})
    assert story.only(ClientEmailRequested).sender == "x@else.test"


def test_nobody_may_send() -> None:
    """The responsible has no sending address; an extra sender is one."""
    silent = m.User(id="ann", name="Ann", email="ann@acme.test")
    assert send(deal(silent, email_work="a@b.test")).only(p.StepFailed).reason == "no_sender_address"
    story = send(deal(silent, email_work="a@b.test"), **{"from": "x@else.test"})
    assert story.only(ClientEmailRequested).sender == "x@else.test"


@pytest.mark.parametrize("item_type", TYPES)
def test_any_item_of_a_crm_may_send_it(item_type: str) -> None:
    """A contact or company at its own address."""
    assert send(item_of(item_type, email_home="h@x.test")).only(ClientEmailRequested).to.text == "h@x.test"


@pytest.mark.parametrize(
    ("wanted", "to"), [("work", "w@x.test"), ("home", "h@x.test"), ("mailing", "m@x.test"), ("other", "o@x.test"),
                       ("any", "w@x.test")],
)  # fmt: skip
def test_the_type_of_address_is_chosen(wanted: str, to: str) -> None:
    """`any`, the default, takes the first there is."""
    each = {f"email_{kind}": Personal(f"{kind[0]}@x.test") for kind in ("work", "home", "mailing", "other")}
    assert send(deal(**each), client_address_type=wanted).only(ClientEmailRequested).to.text == to


def test_contact_and_then_company_are_asked_for_the_type() -> None:
    """Only where the item itself has none of it."""
    story = send(deal(contact="c1", company="c2", email_work="w@x.test"), client_address_type="home")
    assert (story.only(ItemAsked).target, story.only(ItemAsked).args) == ("acme/contact/c1", {"address_type": "home"})
    story.answer(story.only(ItemAsked))
    story.answer(story.only(ItemAsked), email=Personal("firm@x.test"))
    assert story.only(ClientEmailRequested).to.text == "firm@x.test"


def test_nobody_has_an_address() -> None:
    """Neither item nor contact nor company, or none of the type."""
    assert send(deal()).only(p.StepFailed).reason == "no_email_address"
    assert send(deal(email_work="w@x.test"), client_address_type="home").only(p.StepFailed).reason == "no_email_address"
    story = send(deal(company="c2"))
    assert story.answer(story.only(ItemAsked)).only(p.StepFailed).reason == "no_email_address"


def test_files_of_the_document_or_of_the_drive_go_with_it() -> None:
    """Any number, by id; an empty field attaches nothing."""
    own = {"attachment_type": "document_files", "attachments": ["{{field:scans}}"]}
    drive = {"attachment_type": "drive", "attachments": ["f8"]}

    story = deal(FILES, email_work="a@b.test", scans=("f1", "f2"))
    assert send(story, **own).only(ClientEmailRequested).attachments == ("f1", "f2")
    assert send(story, **drive).only(ClientEmailRequested).attachments == ("f8",)
    story.when(c.SaveItem({"scans": ()}))
    assert send(story, **own).only(ClientEmailRequested).attachments == ()


def test_start_parameters_are_harmless_in_html() -> None:
    """What a person filled in is escaped, and clicks are tracked where it is asked for."""
    story = deal(email_work="a@b.test")
    params = [{"code": "note", "type": "text"}]
    step = {**TEXT, "text": "<b>{{param:note}}</b>", "text_type": "html", "track_clicks": True}
    put(story.book, template(action("bp_send_client_email", **step), params=params))
    mail = story.begin(note="<script>").only(ClientEmailRequested)

    assert (mail.text.text, mail.text_type, mail.track_clicks) == ("<b>&lt;script&gt;</b>", "html", True)


@pytest.mark.parametrize("field", ["subject", "text"])
def test_subject_and_text_are_required(field: str) -> None:
    """Empty at run time they are missing."""
    story = send(deal(email_work="a@b.test"), **{field: "{{field:comments}}"})
    assert story.only(p.StepFailed).reason == f"missing_value:{field}"


@pytest.mark.parametrize("reason", ["delivery", "delivery_unknown", "daily_cap_reached"])
def test_a_failed_delivery_is_the_steps_reason(reason: str) -> None:
    """What the channel says."""
    story = send(deal(email_work="a@b.test"))
    assert story.answer(story.only(ClientEmailRequested), "failed", reason).only(p.StepFailed).reason == reason


def test_the_first_opening_fires_its_trigger() -> None:
    """As of the e-mail of a rule (spec 2.3)."""
    story = send(deal(trigger("seen", "track_email_opened", "won"), email_work="a@b.test"))
    mail = story.only(ClientEmailRequested)
    story.answer(mail).when(c.ReportEmailSeen(mail.effect_id, "opened", "s1", ""), source="app")
    assert story.state.stage == "won"


def test_it_stands_in_the_timeline() -> None:
    """Of a company, too: an outgoing e-mail, made by the process for the responsible."""
    story = send(item_of("company", email_work=Personal("a@b.test")))
    (entry,) = [found for r in story.last.events if (found := timeline_entry(r)) and "process" not in found.kind]

    assert (entry.kind, entry.facts["to"], entry.facts["subject"]) == (
        "client_email", Personal("a@b.test"), Personal("Your Desk"),
    )  # fmt: skip
    assert (entry.actor[:8], entry.on_behalf_of) == ("process:", "ann")
