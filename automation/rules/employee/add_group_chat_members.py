"""Add members to a group chat that a rule created (spec 3.2.5)."""

from __future__ import annotations

from automation.catalogue import Entry, Params
from automation.envelope import STAGED
from automation.params import Flag, Principals, RecordRef
from automation.people import expand
from automation.plan import Context, Failed, Plan
from automation.records.asking import ask, is_id, settled
from automation.values import Value


class AddGroupChatMembers(Params):
    """The chat, whom to add, and whether they may read what was said before."""

    chat: RecordRef
    members: Principals
    show_history: Flag = False


def plan(context: Context, params: AddGroupChatMembers) -> Plan:
    """Add who is not there yet."""
    added = context.answer("members")
    if added is not None:
        return settled(added, not_found="chat_not_found")
    if not is_id(params.chat):
        return Failed("chat_not_found")
    members = expand(params.members, context.tenant.directory, context.item_roles)
    if not members:
        return Failed("no_recipient")
    args: dict[str, Value] = {"members": members, "show_history": params.show_history}
    return ask(context, "members", ("chat", params.chat), "add_chat_members", args)


ENTRY = Entry(
    id="add_group_chat_members",
    kind="rule",
    group="employee_notifications",
    title="Add members to group chat",
    description="Adds employees to a group chat that the rule \u201cCreate group chat\u201d created.",
    spec="3.2.5",
    types=STAGED,
    params=AddGroupChatMembers,
    plan=plan,
)
