"""What an `apply` changes: wanted definitions against those in force, as records; pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import yaml

from automation.definitions.lifecycle import standing
from automation.definitions.models import Definition
from automation.definitions.saved import DefinitionSaved, body_of
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId
from automation.values import Moment

Action = Literal["add", "change", "delete"]


class Step(NamedTuple):
    """One definition that changes."""

    action: Action
    kind: str
    id: str
    old: Definition | None
    new: Definition | None
    replaces: int


def steps(view: TenantView, wanted: Mapping[DefinitionId, Definition | None]) -> list[Step]:
    """Return what differs, in the order given; what is as wanted is left out."""
    made = (step(view, name, new) for name, new in wanted.items())
    return [found for found in made if found.new != found.old]


def step(view: TenantView, name: DefinitionId, new: Definition | None) -> Step:
    """Return what saving one definition would do, whether it differs or not."""
    kind, its_id = name
    old = standing(view, kind, its_id, new) or (view.drafts.get(name) if new is None else None)
    action: Action = "delete" if new is None else "add" if old is None else "change"
    return Step(action, kind, its_id, old, new, view.versions.get(name, 0))


def records(tenant: str, planned: Sequence[Step], author: str, now: Moment, apply_id: str) -> list[DefinitionSaved]:
    """Return the records of one apply; all take effect with the last one."""
    last = len(planned) - 1
    return [
        DefinitionSaved(
            tenant, step.kind, step.id, step.replaces + 1, step.replaces, author, now, apply_id,
            at == last, step.new is None, body_of(step.new),
        )
        for at, step in enumerate(planned)
    ]  # fmt: skip


def as_data(kind: str, made: Definition) -> dict[str, Any]:
    """Return a definition as it is written in a file: its kind first, without what is at its default."""
    return {"kind": kind, **json.loads(body_of(made))}


def as_yaml(kind: str, made: Definition | None) -> str:
    """Return a definition as YAML; nothing for one that is not there."""
    if made is None:
        return ""
    return yaml.safe_dump(as_data(kind, made), sort_keys=False, allow_unicode=True, width=100)


def diff(step: Step) -> Iterator[str]:
    """Yield the lines of a unified diff."""
    old, new = as_yaml(step.kind, step.old).splitlines(), as_yaml(step.kind, step.new).splitlines()
    name = f"{step.kind}/{step.id}"
    yield from difflib.unified_diff(old, new, f"{name} in force", f"{name} in the files", lineterm="")
