"""Notify employees, roles or departments (spec 3.2.1)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.effects import NotificationRequested
from automation.params import PlainText, Principals, UserRef
from automation.people import expand, one_of
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.values import Personal, plain


class AddNotification(Params):
    """What is said, in whose name, and to whom."""

    text: PlainText
    recipients: Principals
    sender: UserRef = ""


def plan(context: Context, params: AddNotification) -> Plan:
    """Send one notification to each distinct recipient, with a link to the item."""
    people, roles = context.tenant.directory, context.item_roles
    recipients = expand(params.recipients, people, roles)
    if not recipients:
        return Failed("no_recipient")
    answers = [context.answer(user) for user in recipients]
    if all(answers):
        failed = next((a.reason for a in answers if a is not None and not a.ok), "")
        return Failed(failed) if failed else Completed()
    sender = one_of(params.sender, people, roles) or context.item.responsible or "system"
    text, link = Personal(str(plain(params.text))), context.link
    return Call(
        tuple(
            NotificationRequested(context.effect_id(user), context.run_id, user, sender, text, link)
            for user, answer in zip(recipients, answers, strict=True)
            if answer is None
        )
    )


ENTRY = Entry(
    id="add_notification",
    kind="rule",
    group="employee_notifications",
    title="Add notification",
    description="Sends a notification to employees, roles or whole departments.",
    spec="3.2.1",
    types=STAGED,
    params=AddNotification,
    plan=plan,
)
