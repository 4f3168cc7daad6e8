"""Comment on the item's timeline (spec 3.2.2)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED, stable_id
from automation.items.events import CommentAdded
from automation.params import BBCode, UserRef
from automation.people import one_of
from automation.plan import Completed, Context, Plan
from automation.values import Personal, plain


class AddItemComment(Params):
    """The comment and its author; the item's responsible unless another is named."""

    text: BBCode
    created_by: UserRef = ""


def plan(context: Context, params: AddItemComment) -> Plan:
    """Add the comment to the item itself."""
    author = one_of(params.created_by, context.tenant.directory, context.item_roles) or context.item.responsible
    comment_id = stable_id("comment", context.key.text, context.run_id)
    comment = CommentAdded(comment_id, Personal(str(plain(params.text))), author or "system")
    return Completed({"comment_id": comment_id}, (comment,))


ENTRY = Entry(
    id="add_item_comment",
    kind="rule",
    group="employee_notifications",
    title="Add comment to item",
    description="Adds a comment to the timeline of the item.",
    spec="3.2.2",
    types=STAGED,
    params=AddItemComment,
    results={"comment_id": "string"},
    plan=plan,
)
