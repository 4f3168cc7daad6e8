"""Whom a list of people stands for at one moment (spec 1.10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from automation.people.directory import Directory

ITEM_ROLES = ("responsible", "creator", "observers", "responsible_supervisor")
"""Names of roles that depend on the item; they hide named groups of the same name."""

ItemRoles: TypeAlias = Mapping[str, tuple[str, ...]]
"""User ids by `responsible`, `creator` and `observers`; the supervisor follows from the directory."""


class Principal(NamedTuple):
    """One entry of a people parameter: kind `user`, `role` or `department`, and its id."""

    kind: str
    id: str


def principal(text: str) -> Principal:
    """Read `user:7`, `role:managers`, `department:3`; a bare text is an item role, else a user (an inserted value)."""
    text = text.strip()
    kind, colon, name = text.partition(":")
    if colon and kind in ("user", "role", "department"):
        return Principal(kind, name)
    return Principal("role" if text in ITEM_ROLES else "user", text)


def expand(principals: Iterable[str], directory: Directory, item_roles: ItemRoles) -> tuple[str, ...]:
    """Return the ids of active employees that a list stands for, each once, in listed order.

    Unknown users, roles and departments stand for nobody. Empty: `failed(no_recipient)` unless the feature says else.
    """
    found: dict[str, None] = {}
    for text in principals:
        found.update(dict.fromkeys(_expanded(principal(text), directory, item_roles)))
    return tuple(user for user in found if directory.is_active(user))


def one_of(text: str, directory: Directory, item_roles: ItemRoles) -> str:
    """Return the one active user that a user or a single-valued role stands for; empty for nobody or several."""
    found = expand((text,), directory, item_roles) if text else ()
    return found[0] if len(found) == 1 else ""


def _expanded(one: Principal, directory: Directory, item_roles: ItemRoles) -> Iterable[str]:
    if one.kind == "user":
        return (one.id,)
    if one.kind == "department":
        return directory.staff_of(one.id)
    if one.id == "responsible_supervisor":
        return tuple(directory.supervisor_of(user) for user in item_roles.get("responsible", ()))
    if one.id in ITEM_ROLES:
        return item_roles.get(one.id, ())
    role = directory.roles.get(one.id)
    return role.members if role else ()
