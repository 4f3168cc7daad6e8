"""What changing the linked contact and the linked company have in common (spec 4.11, 4.12)."""

from __future__ import annotations

from typing import Literal

from automation.catalogue import Params
from automation.items import asked_saves
from automation.items.fields import assigned
from automation.params import Assignment, Assignments, Flag, UserRef
from automation.people import one_of
from automation.plan import Context, Plan, Skipped
from automation.records.asking import ask, settled


class ChangeClient(Params):
    """The fields with their new values, those among them that saving the template creates, and in whose name."""

    fields: Assignments
    new_fields: tuple[Assignment, ...] = ()
    append_multiple: Flag = False
    on_behalf_of: UserRef = ""


def change(context: Context, kind: Literal["contact", "company"], params: ChangeClient) -> Plan:
    """Ask the item's primary contact or company for one save of all fields; one that is gone counts as not linked."""
    client, answer = context.item.linked(kind), context.answer(kind)
    if (answer.reason == "item_not_found") if answer else not client:
        return Skipped(f"no_linked_{kind}")
    if answer:
        return settled(answer)
    rows = ((row.field, row.value) for row in (*params.fields, *params.new_fields))
    values = assigned(context.tenant.fields(kind), {}, rows, append=params.append_multiple)
    author = one_of(params.on_behalf_of, context.tenant.directory, context.item_roles)
    args = asked_saves.arguments(values, append_multiple=params.append_multiple, author=author)
    return ask(context, kind, (kind, client), asked_saves.QUESTION, args)
