"""The rule `send_employee_email` (spec 3.2.8)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import changes as c
from automation.items import events as e
from automation.items.message_effects import EmployeeEmailRequested
from automation.rules.employee.send_employee_email import SendEmployeeEmail
from automation.scope import Schema
from automation.values import Money, Personal
from services.history.timeline import timeline_entry
from tests.core.spec import Story, deal, rule

TEXT = {"subject": "Won: {{field:title}}", "text": "{{field:amount}} from {{field:name}}"}


def sent(params: dict[str, Any], *definitions: m.Definition, **fields: Any) -> Story:
    """Return a deal that entered the stage of a rule with these parameters."""
    story = deal(rule("mail", "send_employee_email", "assembly", {**TEXT, **params}), *definitions, **fields)
    return story.when(c.SaveItem({}, stage="assembly"))


def test_the_responsible_gets_it_at_the_own_address_from_the_own_mailbox() -> None:
    """Addressee and sender are the responsible unless given; values are inserted."""
    story = sent({}, amount=Money(1_200_000, "EUR"), name=Personal("Carl Client"))
    mail = story.only(EmployeeEmailRequested)

    assert (mail.recipient, mail.to.text, mail.sender) == ("ann", "ann@acme.test", "ann@acme.test")
    assert (mail.subject.text, mail.text.text) == ("Won: Desk", "12000.00 EUR from Carl Client")
    assert mail.attachments == ()
    assert story.answer(mail).only(e.RuleRunCompleted).results == {}


def test_another_employee_may_be_written_to_from_a_connected_address() -> None:
    """The address of a mail connection is one that the platform sends from."""
    office = m.Connection(id="office", channel="email", provider="recording", sender="office@acme.test")
    mail = sent({"to": "user:boss", "from": "office@acme.test"}, office).only(EmployeeEmailRequested)

    assert (mail.recipient, mail.to.text, mail.sender) == ("boss", "boss@acme.test", "office@acme.test")


def test_nothing_stands_in_the_timeline() -> None:
    """It is not part of the client's correspondence."""
    story = sent({})

    assert [timeline_entry(r) for r in story.last.events if isinstance(r.event, EmployeeEmailRequested)] == [None]


def test_files_of_the_drive_or_of_the_item_go_with_it() -> None:
    """Ids of files travel in the effect; an empty file field attaches nothing."""
    files = m.Fields(item_type="deal", fields=(m.FieldDef(code="scan", title="Scan", type="file"),))
    drive = sent({"attachment_type": "drive", "attachments": ["f1", "f2"]})
    item = {"attachment_type": "item_files", "attachments": "{{field:scan}}"}

    assert drive.only(EmployeeEmailRequested).attachments == ("f1", "f2")
    assert sent(item, files, scan="f3").only(EmployeeEmailRequested).attachments == ("f3",)
    assert sent(item, files).only(EmployeeEmailRequested).attachments == ()


def test_document_files_are_the_clients() -> None:
    """The type of 4.32 is none of this rule."""
    with pytest.raises(InvalidParamsError, match="attachment_type"):
        compile_arguments(
            SendEmployeeEmail, {**TEXT, "attachment_type": "document_files", "attachments": ["f1"]}, Schema({})
        )


@pytest.mark.parametrize(
    ("params", "people", "reason"),
    [
        ({"to": "user:old"}, (), "no_recipient"),
        ({"to": "user:mute"}, (m.User(id="mute", name="M", department="sales"),), "no_email_address"),
        ({}, (m.User(id="ann", name="Ann", email="ann@acme.test"),), "no_sender_address"),
        ({"from": "stranger@else.test"}, (), "no_sender_address"),
    ],
)
def test_what_is_missing_is_the_reason(params: dict[str, Any], people: tuple[m.Definition, ...], reason: str) -> None:
    """A dismissed employee, one without an address, no mailbox, and one that is not connected."""
    assert sent(params, *people).only(e.RuleRunFailed).reason == reason


@pytest.mark.parametrize("reason", ["delivery", "delivery_unknown", "daily_cap_reached"])
def test_a_failed_delivery_is_the_runs_reason(reason: str) -> None:
    """What the channel says."""
    story = sent({})
    story.answer(story.only(EmployeeEmailRequested), "failed", reason)

    assert story.only(e.RuleRunFailed).reason == reason


@pytest.mark.parametrize("name", ["subject", "text"])
def test_subject_and_text_are_required(name: str) -> None:
    """Empty when saved: refused; empty when run: the run fails."""
    with pytest.raises(InvalidParamsError, match=name):
        compile_arguments(SendEmployeeEmail, {**TEXT, name: ""}, Schema({}))
    assert sent({name: "{{field:comments}}"}).only(e.RuleRunFailed).reason == f"missing_value:{name}"
