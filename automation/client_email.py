"""An e-mail to the client: the same for rules and process actions (spec 4.32)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from automation.items.effects import ClientEmailRequested
from automation.params import Address, Attached, Flag, Line, Typed
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.reaching import client_point, patience
from automation.values import Personal, plain


class SendClientEmail(Attached):
    """Sender (the responsible's first sending address unless given), subject, body, files, tracking."""

    subject: Line
    text: Typed
    sender: Address = Field(default="", alias="from")
    text_type: Literal["bbcode", "html"] = "bbcode"
    client_address_type: Literal["work", "home", "mailing", "other", "any"] = "any"
    attachment_type: Literal["", "document_files", "drive"] = ""
    track_clicks: Flag = False


def send_email(context: Context, params: SendClientEmail) -> Plan:
    """Find the client's address, send, and publish the message's id."""
    sent = context.answer("email")
    if sent is not None:
        return Completed({"message_id": context.effect_id("email")}) if sent.ok else Failed(sent.reason)
    sender = params.sender or context.tenant.directory.sending_address(context.item.responsible)
    if not sender:
        return Failed("no_sender_address")
    to = client_point(context, "email", params.client_address_type)
    if isinstance(to, Call):
        return to
    if to is None:
        return Failed("no_email_address")
    subject, text = (Personal(str(plain(value))) for value in (params.subject, params.text))
    email = ClientEmailRequested(
        context.effect_id("email"), context.run_id, Personal(str(plain(to))), sender, subject, text,
        params.text_type, params.track_clicks, params.attachments,
    )  # fmt: skip
    return Call((email,), patience=patience(context.tenant, "client_email"))
