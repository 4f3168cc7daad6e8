"""Write an e-mail to an employee (spec 3.2.8); it stands in no timeline."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from automation.catalogue import Entry
from automation.envelope import STAGED
from automation.items.message_effects import EmployeeEmailRequested
from automation.params import Address, Attached, Line, PlainText, UserRef
from automation.people import one_of
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.reaching import is_connected, patience
from automation.values import Personal, plain


class SendEmployeeEmail(Attached):
    """Sender (a connected address: the responsible's first one unless given), addressee, subject, text, files."""

    subject: Line
    text: PlainText
    sender: Address = Field(default="", alias="from")
    to: UserRef = "role:responsible"
    attachment_type: Literal["", "item_files", "drive"] = ""


def plan(context: Context, params: SendEmployeeEmail) -> Plan:
    """Send to the employee's own address."""
    sent = context.answer("email")
    if sent is not None:
        return Completed() if sent.ok else Failed(sent.reason)
    view = context.tenant
    employee = one_of(params.to, view.directory, context.item_roles)
    if not employee:
        return Failed("no_recipient")
    address = view.directory.users[employee].email
    if not address:
        return Failed("no_email_address")
    sender = params.sender or view.directory.sending_address(context.item.responsible)
    if not sender or (params.sender and not is_connected(view, sender)):
        return Failed("no_sender_address")
    subject, text = (Personal(str(plain(value))) for value in (params.subject, params.text))
    email = EmployeeEmailRequested(
        context.effect_id("email"), context.run_id, employee, Personal(address), sender, subject, text,
        params.attachments,
    )  # fmt: skip
    return Call((email,), patience=patience(view, "employee_email"))


ENTRY = Entry(
    id="send_employee_email",
    kind="rule",
    group="employee_notifications",
    title="Send e-mail to employee",
    description="Sends an employee an e-mail; it is not shown in the item's timeline.",
    spec="3.2.8",
    types=STAGED,
    params=SendEmployeeEmail,
    plan=plan,
)
