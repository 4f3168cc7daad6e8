"""Comment on the item's timeline, for the rule and the process action (spec 3.2.2, 4.5)."""

from __future__ import annotations

from automation.envelope import stable_id
from automation.items.events import CommentAdded
from automation.params import AnyText
from automation.people import one_of
from automation.plan import Completed, Context, Plan
from automation.values import Personal, plain


def author_of(context: Context, named: str) -> str:
    """Return in whose name something is written: who is named, else the responsible, else the platform (spec 6.4)."""
    return one_of(named, context.tenant.directory, context.item_roles) or context.item.responsible or "system"


def comment(context: Context, text: AnyText, created_by: str) -> Plan:
    """Add the comment to the item itself."""
    comment_id = stable_id("comment", context.key.text, context.run_id)
    added = CommentAdded(comment_id, Personal(str(plain(text))), author_of(context, created_by))
    return Completed({"comment_id": comment_id}, (added,))
