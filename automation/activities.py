"""What rules and process actions that plan something for an employee have in common (spec 4.1, 4.40, 4.41)."""

from __future__ import annotations

from automation.catalogue import Params
from automation.envelope import stable_id
from automation.items.parts import Activity
from automation.items.planning import planned
from automation.params import Flag, Line, PlainText, UserRef
from automation.people import one_of
from automation.plan import Completed, Context
from automation.values import Personal, plain


class Work(Params):
    """What is to be done, and by whom: the item's responsible unless another is named."""

    subject: Line
    description: PlainText = ""
    responsible: UserRef = ""
    important: Flag = False


def work(context: Context, kind: str, params: Work) -> Activity:
    """Return an activity of the step without a time."""
    people, item = context.tenant.directory, context.item
    return Activity(
        stable_id("activity", context.key.text, context.run_id), kind, personal(params.subject),
        personal(params.description), 0, 0, Personal(""),
        one_of(params.responsible, people, context.item_roles) or item.responsible, params.important, False, 0,
    )  # fmt: skip


def planned_by(context: Context, activity: Activity) -> Completed:
    """Plan the activity in the name of the item's responsible, and publish its id."""
    author = context.item.responsible or "system"
    events = tuple(planned(context.tenant, context.key, context.now, activity, author))
    return Completed({"activity_id": activity.activity_id}, events)


def personal(text: str | Personal) -> Personal:
    """Return a text of which nothing says that it is about nobody."""
    return Personal(str(plain(text)))
