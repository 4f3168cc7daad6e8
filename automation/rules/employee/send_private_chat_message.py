"""Write to one employee in the one-to-one chat (spec 3.2.7)."""

from __future__ import annotations

from typing import Literal

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import PlainText, UserRef
from automation.people import one_of
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, settled
from automation.records.types.chat.ids import direct_id


class SendPrivateChatMessage(Params):
    """The recipient and the message; the responsible writes unless another is named."""

    recipient: UserRef
    text: PlainText
    sender: UserRef = ""
    message_type: Literal["general", "notification", "important"] = "general"


def plan(context: Context, params: SendPrivateChatMessage) -> Plan:
    """Post the message with a link to the item; the chat of the two is made on first use."""
    posted = context.answer("message")
    if posted is not None:
        return settled(posted)
    people, roles = context.tenant.directory, context.item_roles
    recipient = one_of(params.recipient, people, roles)
    if not recipient:
        return Failed("no_recipient")
    sender = one_of(params.sender, people, roles) or context.item.responsible or "system"
    args = {
        "sender": sender, "recipient": recipient, "message_type": params.message_type, "text": params.text,
        "link": context.link,
    }  # fmt: skip
    return ask(context, "message", ("chat", direct_id(sender, recipient)), "post_direct", args)


ENTRY = Entry(
    id="send_private_chat_message",
    kind="rule",
    group="employee_notifications",
    title="Send message to private chat",
    description="Writes to one employee in the one-to-one chat of sender and recipient.",
    spec="3.2.7",
    types=STAGED,
    params=SendPrivateChatMessage,
    plan=plan,
)
