"""People: the directory, and whom people parameters stand for (spec 1.10)."""

from automation.people.directory import Absence, Department, Directory, Role, User, directory_of, find_cycle, id_order
from automation.people.expand import ITEM_ROLES, ItemRoles, Principal, expand, one_of, principal

__all__ = [
    "ITEM_ROLES",
    "Absence",
    "Department",
    "Directory",
    "ItemRoles",
    "Principal",
    "Role",
    "User",
    "directory_of",
    "expand",
    "find_cycle",
    "id_order",
    "one_of",
    "principal",
]
