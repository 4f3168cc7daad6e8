"""Write an SMS to an employee (spec 3.2.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.items.message_effects import SmsRequested
from automation.params import PlainText, SmsProvider, UserRef
from automation.people import one_of
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.reaching import patience
from automation.scope import Schema
from automation.values import Personal, plain

MOST_CHARACTERS: Final = 200


class SendEmployeeSms(Params):
    """At most 200 characters, to one employee (the responsible unless given), through a connected provider."""

    text: PlainText
    provider: SmsProvider
    employee: UserRef = "role:responsible"

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse a text that is too long as it is written; what insertions make of it is cut when it is sent."""
        text = raw.get("text")
        if isinstance(text, str) and len(text) > MOST_CHARACTERS:
            yield "text", f"has {len(text)} characters; an SMS to an employee has at most {MOST_CHARACTERS}"


def plan(context: Context, params: SendEmployeeSms) -> Plan:
    """Send to the employee's number; a longer text is cut, and the run log says so."""
    text = str(plain(params.text))
    notes = ("truncated",) if len(text) > MOST_CHARACTERS else ()
    sent = context.answer("sms")
    if sent is not None:
        return Completed(notes=notes) if sent.ok else Failed(sent.reason)
    directory = context.tenant.directory
    employee = one_of(params.employee, directory, context.item_roles)
    if not employee:
        return Failed("no_recipient")
    phone = directory.users[employee].phone
    if not phone:
        return Failed("no_phone")
    if context.tenant.connection(params.provider, "sms") is None:
        return Failed("no_provider")
    number, cut = Personal(phone), Personal(text[:MOST_CHARACTERS])
    sms = SmsRequested(context.effect_id("sms"), context.run_id, "employee", params.provider, number, cut)
    return Call((sms,), patience=patience(context.tenant, "sms"))


ENTRY = Entry(
    id="send_employee_sms",
    kind="rule",
    group="employee_notifications",
    title="Send SMS to employee",
    description="Sends an employee an SMS of at most 200 characters.",
    spec="3.2.9",
    types=STAGED,
    params=SendEmployeeSms,
    plan=plan,
)
