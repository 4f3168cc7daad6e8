"""The directory: employees, departments, roles and absences (spec 1.10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from automation.values import Moment


@dataclass(frozen=True, slots=True)
class User:
    """An employee; the first of `sending_addresses` is the usual one."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    department: str = ""
    active: bool = True
    time_zone: str = ""
    sending_addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Department:
    """A department; its head is a member."""

    id: str
    name: str = ""
    parent: str = ""
    head: str = ""


@dataclass(frozen=True, slots=True)
class Role:
    """A named group of employees."""

    id: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """A planned absence from `since` up to, and without, `until`."""

    user: str
    since: Moment
    until: Moment


class _UserLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def sending_addresses(self) -> tuple[str, ...]: ...


class _DepartmentLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def parent(self) -> str: ...
    @property
    def head(self) -> str: ...


class _RoleLike(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def members(self) -> tuple[str, ...]: ...


class _AbsenceLike(Protocol):
    @property
    def user(self) -> str: ...
    @property
    def since(self) -> int: ...
    @property
    def until(self) -> int: ...


def id_order(name: str) -> tuple[bool, int, str]:
    """Sort ids: numeric ones first, as numbers, then the others as text (spec 1.1)."""
    numeric = name.isascii() and name.isdigit() and len(name) <= 18
    return (not numeric, int(name) if numeric else 0, name)


@dataclass(frozen=True, slots=True)
class Directory:
    """Who works where, indexed; made by `directory_of`."""

    users: Mapping[str, User]
    departments: Mapping[str, Department]
    roles: Mapping[str, Role]
    absences: Mapping[str, tuple[Absence, ...]]
    """By user, in order of `since`."""
    members: Mapping[str, tuple[str, ...]]
    """Direct members of each department, its head included, by id."""
    children: Mapping[str, tuple[str, ...]]
    """Departments directly below each department, by id."""

    def is_active(self, user: str) -> bool:
        """Say whether the employee is known and not dismissed."""
        found = self.users.get(user)
        return found is not None and found.active

    def name_of(self, user: str) -> str | None:
        """Return the full name of a user; `None` for an unknown or nameless one."""
        found = self.users.get(user)
        return found.name or None if found else None

    def sending_address(self, user: str) -> str:
        """Return the first address that a user may send from; empty if there is none."""
        found = self.users.get(user)
        return found.sending_addresses[0] if found and found.sending_addresses else ""

    def is_absent(self, user: str, at: Moment) -> bool:
        """Say whether the user is absent at a moment."""
        return any(absence.since <= at < absence.until for absence in self.absences.get(user, ()))

    def supervisor_of(self, user: str) -> str:
        """Return the head of the user's department; for a head, of the parent department; empty if there is none.

        Who heads the parent too looks further up. A vacant head is not replaced by the next one above.
        """
        employee = self.users.get(user)
        at = (employee.department or self._headed_by(user)) if employee else ""
        seen: set[str] = set()
        while at in self.departments and at not in seen:
            seen.add(at)
            if self.departments[at].head != user:
                return self.departments[at].head
            at = self.departments[at].parent
        return ""

    def _headed_by(self, user: str) -> str:
        """Return the first department that the user heads, of which he or she is a member; empty for none."""
        return min((unit.id for unit in self.departments.values() if unit.head == user), key=id_order, default="")

    def staff_of(self, department: str) -> Iterator[str]:
        """Yield the members of a department, then those of each department below it; safe on a cycle."""
        seen: set[str] = set()
        waiting = [department]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                yield from self.members.get(at, ())
                waiting.extend(reversed(self.children.get(at, ())))


def directory_of(
    users: Iterable[_UserLike],
    departments: Iterable[_DepartmentLike] = (),
    roles: Iterable[_RoleLike] = (),
    absences: Iterable[_AbsenceLike] = (),
) -> Directory:
    """Return the directory of definition records; of two with one id the later stands."""
    people = {u.id: _user(u) for u in users}
    units = {d.id: Department(d.id, d.name, d.parent, d.head) for d in departments}
    away: dict[str, tuple[Absence, ...]] = {}
    for absence in sorted((Absence(a.user, a.since, a.until) for a in absences), key=lambda a: (a.since, a.until)):
        away[absence.user] = (*away.get(absence.user, ()), absence)
    employed = [(user.department, user.id) for user in people.values()]
    headed = [(unit.id, unit.head) for unit in units.values() if unit.head]
    return Directory(
        users=people,
        departments=units,
        roles={r.id: Role(r.id, r.members) for r in roles},
        absences=away,
        members=_grouped((*employed, *headed)),
        children=_grouped((unit.parent, unit.id) for unit in units.values() if unit.parent),
    )


def _user(u: _UserLike) -> User:
    return User(u.id, u.name, u.email, u.phone, u.department, u.active, u.time_zone, u.sending_addresses)


def _grouped(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for group, member in pairs:
        found.setdefault(group, set()).add(member)
    return {group: tuple(sorted(names, key=id_order)) for group, names in found.items()}


def find_cycle(departments: Iterable[_DepartmentLike]) -> tuple[str, ...]:
    """Return the ids of departments that lie above each other in a circle; empty if there are none. For saving."""
    parents = {department.id: department.parent for department in departments}
    cleared: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        at = start
        while at in parents and at not in cleared and at not in path:
            path[at] = None
            at = parents[at]
        if at in path:
            way = list(path)
            return tuple(way[way.index(at) :])
        cleared.update(path)
    return ()
