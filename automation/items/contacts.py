"""The e-mail addresses and telephone numbers of an item (spec 4.31, 4.32 `client_address_type`)."""

from __future__ import annotations

from automation.items.state import ItemState
from automation.values import Value, is_empty

ADDRESS_TYPES = ("work", "home", "mailing", "other")
PHONE_TYPES = ("mobile", "work", "home", "other")


def email_of(state: ItemState, address_type: str) -> Value:
    """Return an address of the type, or for an empty type or `any` the first there is; None without one."""
    wanted = ADDRESS_TYPES if address_type in ("", "any") else (address_type,)
    found = (state.fields.get(f"email_{kind}") for kind in wanted)
    return next((value for value in found if not is_empty(value)), None)


def phone_of(state: ItemState) -> Value:
    """Return the first telephone number, a mobile one before others; None without one."""
    found = (state.fields.get(f"phone_{kind}") for kind in PHONE_TYPES)
    return next((value for value in found if not is_empty(value)), None)
