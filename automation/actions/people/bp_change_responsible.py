"""Choose another responsible for the item (spec 4.13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from automation.catalogue import Entry, Params
from automation.envelope import CRM_ALL, stable_id
from automation.items.effects import NotificationRequested
from automation.items.events import ResponsibleChanged
from automation.items.planning import title_of, told
from automation.params import Flag, Principals, UserRef
from automation.people import expand, one_of
from automation.plan import Completed, Context, Failed, Plan, Skipped
from automation.records.asking import ask, id_of

PLACE = "queue"
NOBODY = Skipped("no_available_employee")


class ChangeResponsible(Params):
    """The queue in listed order, and how one of it is chosen."""

    new_responsible: Principals
    on_behalf_of: UserRef = ""
    selection: Literal["random", "first_available", "in_order"] = "first_available"
    skip_absent: Flag = False


def plan(context: Context, params: ChangeResponsible) -> Plan:
    """Choose from the queue; whose turn it is in order is known to a record that all instances share."""
    answer = context.answer(PLACE)
    if answer is not None:
        return _appoint(context, params, str(answer.results["employee"])) if answer.ok else _refused(answer.reason)
    queue = expand(params.new_responsible, context.tenant.directory, context.item_roles)
    absent = _absent(context, queue) if params.skip_absent else ()
    free = tuple(employee for employee in queue if employee not in absent)
    if params.selection == "random":
        free = tuple(employee for employee in free if employee != context.item.responsible)
    if not free:
        return NOBODY
    if params.selection == "in_order":
        target = ("queue", id_of(*context.origin.split("/")))
        return ask(context, PLACE, target, "appoint", {"employees": queue, "absent": absent})
    return _appoint(context, params, free[_drawn(context, len(free))] if params.selection == "random" else free[0])


def _refused(reason: str) -> Plan:
    return NOBODY if reason == NOBODY.reason else Failed(reason)


def _absent(context: Context, queue: tuple[str, ...]) -> tuple[str, ...]:
    people = context.tenant.directory
    return tuple(employee for employee in queue if people.is_absent(employee, context.now))


def _drawn(context: Context, count: int) -> int:
    """Draw a number below `count`: by chance, but the same however often this step is asked."""
    return int(stable_id("drawn", context.run_id)[:12], 16) % count


def _appoint(context: Context, params: ChangeResponsible, employee: str) -> Plan:
    old = context.item.responsible
    if employee == old:
        return Skipped("no_change")
    author = one_of(params.on_behalf_of, context.tenant.directory, context.item_roles)
    events = (ResponsibleChanged(old, employee), *_told(context, old, employee))
    return Completed({"responsible": employee}, events, on_behalf_of=author)


def _told(context: Context, old: str, new: str) -> Iterator[NotificationRequested]:
    name = context.tenant.name_of(new) or new
    text = f"{title_of(context.item)}: the responsible person is now {name}."
    for user in (old, new):
        yield from told(context.tenant, user, stable_id("responsible", context.run_id, user), text, context.link)


ENTRY = Entry(
    id="bp_change_responsible",
    kind="action",
    group="people",
    title="Change responsible person",
    description="Makes another employee responsible: the first one of a queue, the next in turn, or one by chance.",
    spec="4.13",
    types=CRM_ALL,
    params=ChangeResponsible,
    results={"responsible": "user"},
    plan=plan,
)
