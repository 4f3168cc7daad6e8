"""Post in the news feed (spec 3.2.3)."""

from __future__ import annotations

from typing import Literal

from automation.catalogue import Entry
from automation.envelope import STAGED
from automation.params import Attached, Line, PlainText, Principals, UserRef
from automation.people import expand, one_of
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, settled
from automation.values import Value, plain


class AddFeedPost(Attached):
    """The post, its author (the responsible unless another is named), who sees it, and what it is found by."""

    text: PlainText
    recipients: Principals
    subject: Line = ""
    sender: UserRef = ""
    attachment_type: Literal["", "item_files", "drive"] = ""
    tag: Line = ""


def plan(context: Context, params: AddFeedPost) -> Plan:
    """Make the post; its id is that of the call, so that a repeat makes no second one."""
    post_id = context.effect_id("post")
    made = context.answer("post")
    if made is not None:
        return settled(made, {"post_id": post_id})
    people, roles = context.tenant.directory, context.item_roles
    recipients = expand(params.recipients, people, roles)
    if not recipients:
        return Failed("no_recipient")
    args: dict[str, Value] = {
        "author": one_of(params.sender, people, roles) or context.item.responsible or "system",
        "recipients": recipients, "subject": params.subject, "text": params.text, "tag": str(plain(params.tag)),
        "attachments": params.attachments, "item": f"{context.key.item_type}/{context.key.item_id}",
    }  # fmt: skip
    return ask(context, "post", ("feed_post", post_id), "add_feed_post", args)


ENTRY = Entry(
    id="add_feed_post",
    kind="rule",
    group="employee_notifications",
    title="Add feed post",
    description="Posts in the news feed of employees, roles or departments, with files and a tag.",
    spec="3.2.3",
    types=STAGED,
    params=AddFeedPost,
    results={"post_id": "string"},
    plan=plan,
)
