"""Saving definitions: every error at once, versions that others have not seen are not overwritten (spec 1.17)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from automation.catalogue import Entry
from automation.definitions.book import TenantView
from automation.definitions.models import MODELS, Automation, Definition, Fields, Rule, Trigger
from automation.definitions.saved import DefinitionSaved
from automation.values import Moment
from services.gateway.bodies import DefinitionBody, DefinitionsBody
from services.gateway.problems import Fault, Problem, faults_of

SINGLE = ("rates", "settings")
"""Kinds of which a tenant has one; its id is that of the kind."""


class Draft(NamedTuple):
    """One definition of an apply as it will be; `made` is None where it is deleted."""

    kind: str
    id: str
    made: Definition | None
    replaces: int


class Author(NamedTuple):
    """Who saves, when, for which tenant."""

    tenant: str
    name: str
    now: Moment


def drafts_of(view: TenantView | None, catalogue: Mapping[str, Entry], body: DefinitionsBody) -> list[Draft]:
    """Return what will change; raises `Problem` 422 naming every path at fault, 409 for versions that were overtaken.

    A definition that stays as it is, is left out.
    """
    faults: list[Fault] = []
    drafts = [_draft(view, one, f"definitions[{at}]", faults) for at, one in enumerate(body.definitions)]
    _check_twice(drafts, faults)
    for at, draft in enumerate(drafts):
        faults += _across(draft, drafts, view, catalogue, f"definitions[{at}].body")
    if faults:
        raise Problem(422, "invalid_definitions", "nothing was saved", errors=faults)
    _check_expected(view, body.definitions)
    return [draft for draft in drafts if _changes(view, draft)]


def records_of(drafts: Sequence[Draft], author: Author) -> list[DefinitionSaved]:
    """Return the records of one apply."""
    apply_id, last = uuid.uuid4().hex, len(drafts) - 1
    return [
        DefinitionSaved(
            tenant=author.tenant, kind=draft.kind, id=draft.id, version=draft.replaces + 1, replaces=draft.replaces,
            author=author.name, saved_at=author.now, apply_id=apply_id, last_of_apply=at == last,
            deleted=draft.made is None, body="" if draft.made is None else draft.made.model_dump_json(),
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
    return view.versions.get(key) == draft.replaces + 1 and view.current.get(key) == draft.made


def _draft(view: TenantView | None, given: DefinitionBody, path: str, faults: list[Fault]) -> Draft:
    replaces = _version(view, given.kind, given.id)
    made = None if given.delete else _made(given, path, faults)
    if given.delete and (view is None or (given.kind, given.id) not in view.current):
        faults.append(Fault(path, "unknown", f"there is no {given.kind} {given.id}"))
    return Draft(given.kind, given.id, made, replaces)


def _made(given: DefinitionBody, path: str, faults: list[Fault]) -> Definition | None:
    model = MODELS.get(given.kind)
    if model is None:
        faults.append(Fault(f"{path}.kind", "unknown_kind", f"one of {', '.join(MODELS)} is expected"))
        return None
    try:
        made = model.model_validate_json(orjson.dumps(given.body or {}))
    except ValidationError as error:
        faults += faults_of(error, f"{path}.body")
        return None
    if given.id != (wanted := _id_of(given.kind, made)):
        faults.append(Fault(f"{path}.id", "id_differs", f"the body belongs to {wanted}"))
    return made


def _id_of(kind: str, made: Definition) -> str:
    if isinstance(made, Fields):
        return made.item_type
    return kind if kind in SINGLE else str(getattr(made, "id", kind))


def _version(view: TenantView | None, kind: str, name: str) -> int:
    return view.versions.get((kind, name), 0) if view else 0


def _check_twice(drafts: Sequence[Draft], faults: list[Fault]) -> None:
    keys = [(draft.kind, draft.id) for draft in drafts]
    faults += [
        Fault(f"definitions[{at}]", "twice", f"{key[0]}/{key[1]} stands twice")
        for at, key in enumerate(keys)
        if key in keys[:at]
    ]


def _across(
    draft: Draft, drafts: Sequence[Draft], view: TenantView | None, catalogue: Mapping[str, Entry], path: str
) -> Iterator[Fault]:
    """Check a rule or trigger against the catalogue and against the pipelines as they will be."""
    made = draft.made
    if not isinstance(made, Rule | Trigger):
        return
    entry = catalogue.get(made.type)
    if entry is None or entry.kind != draft.kind:
        yield Fault(f"{path}.type", "unknown_type", f"the catalogue has no {draft.kind} {made.type}")
    elif not entry.allows(made.item_type):
        yield Fault(f"{path}.item_type", "item_type", f"{made.type} is not for items of type {made.item_type}")
    if not _stage_exists(made, drafts, view):
        yield Fault(f"{path}.stage", "unknown_stage", f"{made.item_type}/{made.pipeline} has no stage {made.stage}")


def _stage_exists(made: Automation, drafts: Sequence[Draft], view: TenantView | None) -> bool:
    pipelines: dict[tuple[str, str], Any] = dict(view.current) if view else {}
    pipelines |= {(draft.kind, draft.id): draft.made for draft in drafts}
    pipeline = pipelines.get(("pipeline", made.pipeline))
    return (
        pipeline is not None
        and pipeline.item_type == made.item_type
        and any(stage.id == made.stage for stage in pipeline.stages)
    )


def _check_expected(view: TenantView | None, given: Sequence[DefinitionBody]) -> None:
    faults = [
        Fault(f"definitions[{at}].expected", "overtaken", f"the current version is {_version(view, one.kind, one.id)}")
        for at, one in enumerate(given)
        if one.expected is not None and one.expected != _version(view, one.kind, one.id)
    ]
    if faults:
        raise Problem(409, "overtaken", "read the current versions and save again", errors=faults)


def _changes(view: TenantView | None, draft: Draft) -> bool:
    return view is None or view.current.get((draft.kind, draft.id)) != draft.made
