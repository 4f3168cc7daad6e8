"""Cross checks of fields, pipelines, the directory and settings; `rule_checks.py` has those of rules and triggers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.definitions.models import (
    STANDARD_FIELDS,
    Absence,
    Calendar,
    Department,
    DetailsTemplate,
    FieldDef,
    Fields,
    Pipeline,
    Role,
    Settings,
    Stop,
    User,
)
from automation.definitions.tenant_view import ALL_AUTOMATION, TenantView
from automation.envelope import CRM_ALL
from automation.people import ITEM_ROLES, find_cycle, principal
from automation.scope import SYSTEM_FIELDS

_STANDARD = {field.code: field for field in STANDARD_FIELDS}


class Found(NamedTuple):
    """What a check found: path inside the body, code of the rule, sentence."""

    path: str
    rule: str
    message: str
    severity: Literal["error", "warning"] = "error"


def unknown_zone(name: str) -> bool:
    """Say whether a time zone does not exist."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return True
    return False


def item_type(name: str, path: str = "item_type") -> Iterator[Found]:
    """Check that an item type exists; the type of an SPA item is `spa_item.<SPA type>`."""
    base, dot, own = name.partition(".")
    if base not in CRM_ALL or (base == "spa_item") != bool(dot and own) or (dot and base != "spa_item"):
        yield Found(path, "unknown_item_type", f"{name[:60]!r} is none of {', '.join(CRM_ALL)} (spa_item.<SPA type>)")


def fields(made: Fields, view: TenantView) -> Iterator[Found]:
    """Check custom fields: no field hides one that every item has."""
    yield from item_type(made.item_type)
    yield from _options(made.fields)
    for at, field in enumerate(made.fields):
        path = f"fields[{at}]"
        standard = _STANDARD.get(field.code)
        if field.code in SYSTEM_FIELDS:
            yield Found(f"{path}.code", "reserved_code", f"every item has {field.code!r} already")
        if standard is not None and (field.type, field.multiple) != (standard.type, standard.multiple):
            yield Found(f"{path}.type", "standard_field", f"the standard field {field.code!r} is a {standard.type}")


def details_template(made: DetailsTemplate, view: TenantView) -> Iterator[Found]:
    """Check the fields of a details template."""
    yield from _options(made.fields)


def _options(defined: Iterable[FieldDef]) -> Iterator[Found]:
    for at, field in enumerate(defined):
        path = f"fields[{at}]"
        if field.options and field.type not in ("list", "string"):
            yield Found(f"{path}.options", "no_options", f"a {field.type} has no options")
        if len(set(field.options)) < len(field.options):
            yield Found(f"{path}.options", "twice", "an option stands twice")


def pipeline(made: Pipeline, view: TenantView) -> Iterator[Found]:
    """Check the item type of a pipeline."""
    yield from item_type(made.item_type)


def user(made: User, view: TenantView) -> Iterator[Found]:
    """Check department and time zone of an employee."""
    if made.department and made.department not in view.directory.departments:
        yield Found("department", "unknown_department", f"there is no department {made.department[:60]!r}")
    if made.time_zone and unknown_zone(made.time_zone):
        yield Found("time_zone", "unknown_time_zone", f"there is no time zone {made.time_zone[:60]!r}")
    if made.calendar and ("calendar", made.calendar) not in view.current:
        yield Found("calendar", "unknown_calendar", f"there is no calendar {made.calendar[:60]!r}")


def calendar(made: Calendar, view: TenantView) -> Iterator[Found]:
    """Check the time zone of a calendar, and that its holidays were worked out."""
    if made.time_zone and unknown_zone(made.time_zone):
        yield Found("time_zone", "unknown_time_zone", f"there is no time zone {made.time_zone[:60]!r}")
    if made.holidays is not None and not made.holidays.days:
        why = f"no holidays are known of {made.holidays.country} {made.holidays.subdivision}".rstrip()
        yield Found("holidays", "unknown_holidays", why)


def department(made: Department, view: TenantView) -> Iterator[Found]:
    """Check parent and head of a department."""
    if made.parent and made.parent not in view.directory.departments:
        yield Found("parent", "unknown_department", f"there is no department {made.parent[:60]!r}")
    if made.head:
        yield from known_user(made.head, "head", view)


def cycle(view: TenantView) -> Iterator[tuple[str, Found]]:
    """Report departments that lie above each other in a circle, on each of them."""
    circle = find_cycle(view.directory.departments.values())
    for name in circle:
        yield name, Found("parent", "department_cycle", "departments lie above each other: " + " > ".join(circle))


def role(made: Role, view: TenantView) -> Iterator[Found]:
    """Check the members of a named group; its name is no item role."""
    if made.id in ITEM_ROLES:
        yield Found("id", "reserved_role", f"{made.id!r} is a role of every item")
    for at, member in enumerate(made.members):
        yield from known_user(member, f"members[{at}]", view)


def absence(made: Absence, view: TenantView) -> Iterator[Found]:
    """Check who is absent, and that the time does not end before it begins."""
    yield from known_user(made.user, "user", view)
    if made.until <= made.since:
        yield Found("until", "empty_time", "until lies after since")


def settings(made: Settings, view: TenantView) -> Iterator[Found]:
    """Check the platform's time zone and currency."""
    if unknown_zone(made.time_zone):
        yield Found("time_zone", "unknown_time_zone", f"there is no time zone {made.time_zone[:60]!r}")
    if not (len(made.currency) == 3 and made.currency.isascii() and made.currency.isupper()):
        yield Found("currency", "invalid_currency", "a currency is an ISO 4217 code such as EUR")


def stop(made: Stop, view: TenantView) -> Iterator[Found]:
    """Check what a kill switch stops; one that outlives its rule stops nothing, which is worth a warning."""
    kind, colon, name = made.id.partition(":")
    if made.id == ALL_AUTOMATION:
        return
    if kind not in ("rule", "trigger", "template") or not colon:
        why = f"{made.id[:60]!r} is neither {ALL_AUTOMATION!r} nor rule:<id>, trigger:<id> or template:<id>"
        yield Found("id", "unknown_target", why)
    elif (kind, name) not in view.current:
        yield Found("id", "unknown_target", f"there is no {kind} {name[:60]!r}", "warning")


def known_user(name: str, path: str, view: TenantView) -> Iterator[Found]:
    """Check that a user exists; a dismissed one does."""
    if name not in view.directory.users:
        yield Found(path, "unknown_user", f"there is no user {name[:60]!r}")


def known_principal(text: str, path: str, view: TenantView, *, single: bool) -> Iterator[Found]:
    """Check a literal of a people parameter; `single` takes one user or a single-valued role (spec 1.10)."""
    kind, name = principal(text)
    if kind == "user":
        yield from known_user(name, path, view)
    elif single and (kind == "department" or name == "observers"):
        yield Found(path, "one_person", f"{text[:60]!r} may be several people; name a user or a single-valued role")
    elif kind == "department" and name not in view.directory.departments:
        yield Found(path, "unknown_department", f"there is no department {name[:60]!r}")
    elif kind == "role" and name not in ITEM_ROLES and name not in view.directory.roles:
        yield Found(path, "unknown_role", f"there is no role {name[:60]!r}")
