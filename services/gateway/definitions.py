"""Saving definitions: every error at once, versions that others have not seen are not overwritten (spec 1.17)."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from automation.catalogue import Entry
from automation.definitions.lifecycle import standing
from automation.definitions.models import Definition
from automation.definitions.saved import DefinitionSaved, body_of
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import Flaw, check, id_of, read
from automation.values import Moment
from services.edge.holidays import with_holidays
from services.gateway.bodies import DefinitionBody, DefinitionsBody
from services.gateway.problems import Fault, Problem


class Draft(NamedTuple):
    """One definition of an apply as it will be; `made` is None where it is deleted."""

    kind: str
    id: str
    made: Definition | None
    replaces: int


class Plan(NamedTuple):
    """What a save will change, and what its author should look at although it may be saved."""

    drafts: list[Draft]
    warnings: list[Fault]


class Author(NamedTuple):
    """Who saves, when, for which tenant."""

    tenant: str
    name: str
    now: Moment


async def plan_of(view: TenantView, catalogue: Mapping[str, Entry], body: DefinitionsBody, now: Moment) -> Plan:
    """Return what will change; raises `Problem` 422 naming every path at fault, 409 for versions that were overtaken.

    A definition that stays as it is, is left out.
    """
    faults: list[Fault] = []
    drafts = [_draft(view, one, f"definitions[{at}]", faults) for at, one in enumerate(body.definitions)]
    _check_twice(drafts, faults)
    changed = {(d.kind, d.id): d.made for d, one in zip(drafts, body.definitions, strict=True) if d.made or one.delete}
    # In a thread: a large tenant's rules are all compiled.
    filled, drafted = with_holidays(changed, now), dict(view.drafts)
    checked = await asyncio.to_thread(check, catalogue, view.tenant, dict(view.current), filled, drafted)
    faults += _placed(checked.errors, drafts)
    if faults:
        raise Problem(422, "invalid_definitions", "nothing was saved", errors=faults)
    _check_expected(view, body.definitions)
    stored = [draft._replace(made=checked.definitions[draft.kind, draft.id]) for draft in drafts]
    added = checked.definitions.keys() - changed.keys()
    stored += [Draft(*name, checked.definitions[name], view.versions.get(name, 0)) for name in sorted(added)]
    warnings = _placed((flaw for flaw in checked.flaws if flaw.severity == "warning"), drafts)
    return Plan([draft for draft in stored if standing(view, draft.kind, draft.id, draft.made) != draft.made], warnings)


def records_of(drafts: Sequence[Draft], author: Author) -> list[DefinitionSaved]:
    """Return the records of one apply."""
    apply_id, last = uuid.uuid4().hex, len(drafts) - 1
    return [
        DefinitionSaved(
            tenant=author.tenant, kind=draft.kind, id=draft.id, version=draft.replaces + 1, replaces=draft.replaces,
            author=author.name, saved_at=author.now, apply_id=apply_id, last_of_apply=at == last,
            deleted=draft.made is None, body=body_of(draft.made),
        )
        for at, draft in enumerate(drafts)
    ]  # fmt: skip


def check_taken(view: TenantView | None, drafts: Sequence[Draft]) -> None:
    """Raise `Problem` (409) unless all drafts are in force now."""
    lost = [f"{d.kind}/{d.id}" for d in drafts if view is None or not _in_force(view, d)]
    if lost:
        raise Problem(409, "overtaken", f"somebody else has saved {', '.join(lost[:5])} in the meantime")


def _in_force(view: TenantView, draft: Draft) -> bool:
    key = (draft.kind, draft.id)
    return view.versions.get(key) == draft.replaces + 1 and standing(view, *key, draft.made) == draft.made


def _draft(view: TenantView, given: DefinitionBody, path: str, faults: list[Fault]) -> Draft:
    key = (given.kind, given.id)
    made = None if given.delete else _made(given, path, faults)
    if given.delete and key not in view.current and key not in view.drafts:
        faults.append(_fault(path, "unknown", f"there is no {given.kind} {given.id}"))
    return Draft(*key, made, view.versions.get(key, 0))


def _made(given: DefinitionBody, path: str, faults: list[Fault]) -> Definition | None:
    made, flaws = read(given.kind, given.body or {})
    faults += [_fault(_path(path, flaw), flaw.rule, flaw.message) for flaw in flaws]
    if made is not None and given.id != (wanted := id_of(made)):
        faults.append(_fault(f"{path}.id", "id_differs", f"the body belongs to {wanted}"))
    return made


def _placed(flaws: Iterable[Flaw], drafts: Sequence[Draft]) -> list[Fault]:
    """Give flaws the paths of the request; one of a definition that is not in it is named by kind and id."""
    places = {(draft.kind, draft.id): f"definitions[{at}]" for at, draft in enumerate(drafts)}
    found = []
    for flaw in flaws:
        place = places.get((flaw.kind, flaw.id), f"in force: {flaw.kind}/{flaw.id}")
        found.append(_fault(_path(place, flaw), flaw.rule, flaw.message))
    return found


def _path(place: str, flaw: Flaw) -> str:
    if flaw.rule == "unknown_kind":
        return f"{place}.kind"
    return f"{place}.body" + (f".{flaw.path}" if flaw.path and not flaw.path.startswith("[") else flaw.path)


def _fault(path: str, rule: str, message: str) -> Fault:
    """Return a fault with the JSON pointer of its path, if it lies in the body."""
    parts = re.findall(r"[^.\[\]]+", path) if path.startswith("definitions[") else ()
    pointer = "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
    return Fault(path, rule, message, pointer)


def _check_twice(drafts: Sequence[Draft], faults: list[Fault]) -> None:
    seen: set[tuple[str, str]] = set()
    for at, draft in enumerate(drafts):
        if (key := (draft.kind, draft.id)) in seen:
            faults.append(_fault(f"definitions[{at}]", "twice", f"{key[0]}/{key[1]} stands twice"))
        seen.add(key)


def _check_expected(view: TenantView, given: Sequence[DefinitionBody]) -> None:
    current = [view.versions.get((one.kind, one.id), 0) for one in given]
    faults = [
        _fault(f"definitions[{at}].expected", "overtaken", f"the current version is {version}")
        for at, (one, version) in enumerate(zip(given, current, strict=True))
        if one.expected is not None and one.expected != version
    ]
    if faults:
        raise Problem(409, "overtaken", "read the current versions and save again", errors=faults)
