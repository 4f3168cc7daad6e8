"""Comment on the item's timeline (spec 3.2.2)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.commenting import comment
from automation.envelope import STAGED
from automation.params import BBCode, UserRef
from automation.plan import Context, Plan


class AddItemComment(Params):
    """The comment and its author; the item's responsible unless another is named."""

    text: BBCode
    created_by: UserRef = ""


def plan(context: Context, params: AddItemComment) -> Plan:
    """Add the comment."""
    return comment(context, params.text, params.created_by)


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
