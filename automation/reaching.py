"""How messages reach people: the client's contact points, and what limits a channel (spec 4.31, 1.15)."""

from __future__ import annotations

from typing import Final, Literal

from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.items.contacts import email_of, phone_of
from automation.items.effects import ItemAsked
from automation.plan import Call, Context
from automation.values import Value, is_empty

DAY_MS: Final = 86_400_000


def client_point(context: Context, kind: Literal["email", "phone"], address_type: str = "any") -> Value | Call:
    """Return the item's own contact point, else its contact's, else its company's; or whom to ask first.

    `None` if nobody has one (spec 4.31).
    """
    found = email_of(context.item, address_type) if kind == "email" else phone_of(context.item)
    for item_type in ("contact", "company"):
        other = context.item.linked(item_type)
        if not is_empty(found) or not other:
            continue
        answer = context.answer(item_type)
        if answer is None:
            return _asked(context, item_type, other, kind, address_type)
        found = answer.results.get(kind)
    return None if is_empty(found) else found


def _asked(context: Context, item_type: str, other: str, kind: str, address_type: str) -> Call:
    target = Key(context.key.tenant, item_type, other).text
    asked: dict[str, Value] = {"kind": kind} if kind == "phone" else {"address_type": address_type}
    effect_id = context.effect_id(item_type)
    return Call((ItemAsked(effect_id, context.run_id, target, "contact_point", asked),))


def patience(view: TenantView, channel: str) -> int:
    """Return the milliseconds that a message may wait for the end of quiet hours."""
    limits = view.limits(channel)
    return DAY_MS if limits and limits.quiet_from else 0


def is_connected(view: TenantView, sender: str) -> bool:
    """Say whether an address is one that the platform sends from: an employee's, or a connection's."""
    users = view.directory.users.values()
    return any(sender in user.sending_addresses for user in users if user.active) or any(
        sender == one.sender for one in view.connections("email")
    )
