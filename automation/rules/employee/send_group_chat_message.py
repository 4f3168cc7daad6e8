"""Write into a private group chat (spec 3.2.6)."""

from __future__ import annotations

from typing import Literal

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import PlainText, RecordRef, UserRef
from automation.people import one_of
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, is_id, settled


class SendGroupChatMessage(Params):
    """The chat, the message and how it is presented; the responsible writes unless another is named."""

    chat: RecordRef
    text: PlainText
    sender: UserRef = ""
    message_type: Literal["general", "notification", "important"] = "general"


def plan(context: Context, params: SendGroupChatMessage) -> Plan:
    """Post the message with a link to the item; the sender need not be a member."""
    posted = context.answer("message")
    if posted is not None:
        return settled(posted, not_found="chat_not_found")
    if not is_id(params.chat):
        return Failed("chat_not_found")
    sender = one_of(params.sender, context.tenant.directory, context.item_roles)
    args = {
        "sender": sender or context.item.responsible or "system", "message_type": params.message_type,
        "text": params.text, "link": context.link,
    }  # fmt: skip
    return ask(context, "message", ("chat", params.chat), "post_to_group", args)


ENTRY = Entry(
    id="send_group_chat_message",
    kind="rule",
    group="employee_notifications",
    title="Send message to group chat",
    description="Writes into a private group chat; readers can open the item from the message.",
    spec="3.2.6",
    types=STAGED,
    params=SendGroupChatMessage,
    plan=plan,
)
