"""The rule `send_client_email` (spec 3.3, 4.32)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.client_email import SendClientEmail
from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import changes as c
from automation.items import events as e
from automation.items.effects import ClientEmailRequested, ItemAsked
from automation.scope import Schema
from automation.values import Personal
from tests.core.spec import Story, deal, rule

TEXT = {"subject": "Your {{field:title}}", "text": "Pay [b]now[/b], {{field:name}}"}
FILES = m.Fields(item_type="deal", fields=(m.FieldDef(code="scans", title="Scans", type="file", multiple=True),))


def sent(params: dict[str, Any] | None = None, **fields: Any) -> Story:
    """Return a deal that entered the stage of the rule."""
    story = deal(rule("mail", "send_client_email", "assembly", {**TEXT, **(params or {})}), FILES, **fields)
    return story.when(c.SaveItem({}, stage="assembly"))


def test_the_client_gets_it_from_the_responsibles_first_address() -> None:
    """BBCode, no tracking and no files unless said otherwise; the message's id is the result."""
    story = sent(email_work=Personal("client@home.test"))
    mail = story.only(ClientEmailRequested)

    assert (mail.to.text, mail.sender, mail.subject.text) == ("client@home.test", "ann@acme.test", "Your Desk")
    assert (mail.text_type, mail.track_clicks, mail.attachments) == ("bbcode", False, ())
    assert story.answer(mail).only(e.RuleRunCompleted).results == {"message_id": mail.effect_id}


def test_an_extra_sender_need_not_be_connected() -> None:
    """Any address may be given."""
    assert sent({"from": "x@else.test"}, email_work="a@b.test").only(ClientEmailRequested).sender == "x@else.test"


@pytest.mark.parametrize(
    ("text_type", "name", "shown"), [("bbcode", "[b]x[/b]", "&#91;b&#93;"), ("html", "<script>", "&lt;script&gt;")]
)
def test_inserted_values_are_harmless_in_either_type(text_type: str, name: str, shown: str) -> None:
    """Brackets are neutralised in BBCode, markup is escaped in HTML."""
    mail = sent({"text_type": text_type}, name=Personal(name), email_work="a@b.test").only(ClientEmailRequested)

    assert mail.text_type == text_type
    assert shown in mail.text.text
    assert name not in mail.text.text


@pytest.mark.parametrize(
    ("wanted", "to"), [("work", "w@x.test"), ("home", "h@x.test"), ("mailing", "m@x.test"), ("other", "o@x.test"),
                       ("any", "w@x.test")],
)  # fmt: skip
def test_the_type_of_address_is_chosen(wanted: str, to: str) -> None:
    """`any`, the default, takes the first there is."""
    each = {f"email_{kind}": Personal(f"{kind[0]}@x.test") for kind in ("work", "home", "mailing", "other")}

    assert sent({"client_address_type": wanted}, **each).only(ClientEmailRequested).to.text == to


def test_another_type_of_address_is_none() -> None:
    """A type that nobody has."""
    story = sent({"client_address_type": "home"}, email_work=Personal("w@x.test"))
    assert story.only(e.RuleRunFailed).reason == "no_email_address"


def test_contact_and_then_company_are_asked_for_the_type() -> None:
    """Only where the item itself has none."""
    story = sent({"client_address_type": "home"}, contact="c1", company="c2")
    contact = story.only(ItemAsked)
    assert (contact.target, contact.args) == ("acme/contact/c1", {"address_type": "home"})
    story.answer(contact)
    story.answer(story.only(ItemAsked), email=Personal("firm@x.test"))

    assert story.only(ClientEmailRequested).to.text == "firm@x.test"


def test_nobody_has_an_address() -> None:
    """Neither item nor contact nor company."""
    assert sent().only(e.RuleRunFailed).reason == "no_email_address"
    story = sent(company="c2")
    assert story.answer(story.only(ItemAsked)).only(e.RuleRunFailed).reason == "no_email_address"


def test_nobody_may_send() -> None:
    """The responsible has no sending address."""
    silent = m.User(id="ann", name="Ann", email="ann@acme.test")
    story = deal(rule("mail", "send_client_email", "assembly", TEXT), silent, email_work="a@b.test")
    story.when(c.SaveItem({}, stage="assembly"))

    assert story.only(e.RuleRunFailed).reason == "no_sender_address"


def test_files_of_the_document_or_of_the_drive_go_with_it() -> None:
    """Any number, by id."""
    own = {"attachment_type": "document_files", "attachments": ["{{field:scans}}"]}
    drive = {"attachment_type": "drive", "attachments": ["f8"]}

    assert sent(own, email_work="a@b.test", scans=("f1", "f2")).only(ClientEmailRequested).attachments == ("f1", "f2")
    assert sent(drive, email_work="a@b.test").only(ClientEmailRequested).attachments == ("f8",)


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"attachment_type": "drive"}, "attachments"),
        ({"attachment_type": "item_files", "attachments": ["{{field:scans}}"]}, "attachment_type"),
        ({"attachment_type": "drive", "attachments": ["f8", "{{field:scans}}"]}, r"attachments\[1\]"),
        ({"text_type": "markdown"}, "text_type"),
        ({"client_address_type": "cottage"}, "client_address_type"),
        ({"subject": ""}, "subject"),
        ({"text": ""}, "text"),
    ],
)
def test_what_is_refused_when_saved(params: dict[str, Any], path: str) -> None:
    """Files without a type and the other way round, both types, enums, required texts."""
    with pytest.raises(InvalidParamsError, match=path):
        compile_arguments(SendClientEmail, {**TEXT, **params}, Schema({"scans": "list"}))


def test_clicks_are_tracked_where_it_is_asked_for() -> None:
    """The flag travels to the channel that writes the links."""
    assert sent({"track_clicks": True}, email_work="a@b.test").only(ClientEmailRequested).track_clicks


@pytest.mark.parametrize("reason", ["delivery", "delivery_unknown", "daily_cap_reached"])
def test_a_failed_delivery_is_the_runs_reason(reason: str) -> None:
    """What the channel says."""
    story = sent(email_work="a@b.test")
    story.answer(story.only(ClientEmailRequested), "failed", reason)

    assert story.only(e.RuleRunFailed).reason == reason
