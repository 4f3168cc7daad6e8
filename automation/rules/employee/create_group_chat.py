"""Create a private group chat for the item (spec 3.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import Line, Principals
from automation.people import expand, principal
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, settled
from automation.scope import Schema


class CreateGroupChat(Params):
    """The name in the chat list, and at least two employees."""

    name: Line
    members: Principals

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Refuse a list that can only ever stand for one employee."""
        given = raw.get("members") or ()
        texts = [given] if isinstance(given, str) else given
        named = {principal(str(text)) for text in texts}
        if len(named) < 2 and all(one.kind == "user" and "{{" not in one.id for one in named):
            yield "members", "at least two employees, a department or a role are expected"


def plan(context: Context, params: CreateGroupChat) -> Plan:
    """Make the chat; its id is that of the call, so that a repeat makes no second one."""
    chat_id = context.effect_id("chat")
    made = context.answer("chat")
    if made is not None:
        return settled(made, {"chat_id": chat_id})
    members = expand(params.members, context.tenant.directory, context.item_roles)
    if len(members) < 2:
        return Failed("too_few_members")
    responsible = context.item.responsible
    owner = responsible if responsible in members else members[0]
    item = f"{context.key.item_type}/{context.key.item_id}"
    args = {"name": params.name, "members": members, "owner": owner, "item": item}
    return ask(context, "chat", ("chat", chat_id), "create_group_chat", args)


ENTRY = Entry(
    id="create_group_chat",
    kind="rule",
    group="employee_notifications",
    title="Create group chat",
    description="Creates a private group chat for the item and adds its members.",
    spec="3.2.4",
    types=STAGED,
    params=CreateGroupChat,
    results={"chat_id": "string"},
    plan=plan,
)
