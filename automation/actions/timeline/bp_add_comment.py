"""Comment on the item's timeline (spec 4.5)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.commenting import comment
from automation.envelope import CRM_ALL
from automation.params import BBCode, UserRef
from automation.plan import Context, Plan


class AddComment(Params):
    """The comment and in whose name; the item's responsible unless another is named."""

    comment: BBCode
    created_by: UserRef = ""


def plan(context: Context, params: AddComment) -> Plan:
    """Add the comment."""
    return comment(context, params.comment, params.created_by)


ENTRY = Entry(
    id="bp_add_comment",
    kind="action",
    group="timeline",
    title="Add comment",
    description="Adds a comment to the timeline of the item.",
    spec="4.5",
    types=CRM_ALL,
    params=AddComment,
    results={"comment_id": "string"},
    plan=plan,
)
