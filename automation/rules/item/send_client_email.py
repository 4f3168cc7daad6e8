"""Write an e-mail to the client (spec 4.32, 3.3 `send_client_email`)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from automation.catalogue import Entry, Params
from automation.envelope import STAGED, Key
from automation.items.contacts import email_of
from automation.items.effects import ClientEmailRequested, ItemAsked
from automation.params import Address, Flag, Line, Typed
from automation.plan import Call, Completed, Context, Failed, Plan
from automation.values import Personal, Value, is_empty, plain


class SendClientEmail(Params):
    """Sender (the responsible's first sending address unless given), subject and body."""

    subject: Line
    text: Typed
    sender: Address = Field(default="", alias="from")
    text_type: Literal["bbcode", "html"] = "bbcode"
    client_address_type: Literal["work", "home", "mailing", "other", "any"] = "any"
    track_clicks: Flag = False


def _recipient(context: Context, wanted: str) -> Value | Call | Failed:
    """Return the address of the item, else of its contact, else of its company (spec 4.31), or what to ask first."""
    found = email_of(context.item, wanted)
    for item_type in ("contact", "company"):
        if not is_empty(found):
            break
        other = context.item.linked(item_type)
        if not other:
            continue
        answer = context.answer(item_type)
        if answer is None:
            target = Key(context.key.tenant, item_type, other).text
            asked = {"address_type": wanted}
            effect_id = context.effect_id(item_type)
            return Call((ItemAsked(effect_id, context.run_id, target, "contact_point", asked),))
        found = answer.results.get("email")
    return Failed("no_email_address") if is_empty(found) else found


def plan(context: Context, params: SendClientEmail) -> Plan:
    """Find the client's address, send, and publish the message's id."""
    sent = context.answer("email")
    if sent is not None:
        return Completed({"message_id": context.effect_id("email")}) if sent.ok else Failed(sent.reason)
    sender = params.sender or context.tenant.directory.sending_address(context.item.responsible)
    if not sender:
        return Failed("no_sender_address")
    to = _recipient(context, params.client_address_type)
    if isinstance(to, Call | Failed):
        return to
    subject, text = (Personal(str(plain(value))) for value in (params.subject, params.text))
    email = ClientEmailRequested(
        context.effect_id("email"), context.run_id, Personal(str(plain(to))), sender, subject, text,
        params.text_type, params.track_clicks,
    )  # fmt: skip
    return Call((email,))


ENTRY = Entry(
    id="send_client_email",
    kind="rule",
    group="client",
    title="Send e-mail to the client",
    description="Sends the client an e-mail and shows it in the timeline.",
    spec="4.32",
    types=STAGED,
    params=SendClientEmail,
    results={"message_id": "string"},
    plan=plan,
)
