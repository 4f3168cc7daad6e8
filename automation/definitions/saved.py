"""The record of `crm.definitions`: one version of one definition (design section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from automation.definitions.base import Definition
from automation.values import Moment


@dataclass(frozen=True, slots=True)
class DefinitionSaved:
    """One saved version; it counts only if the version it replaces is still the current one."""

    tenant: str
    kind: str
    """A key of `automation.definitions.models.MODELS`."""
    id: str
    version: int
    """Of this definition, from 1."""
    replaces: int
    """The version that it replaces; 0 for a new definition."""
    author: str
    saved_at: Moment
    apply_id: str
    """All records of one `apply` share it; they take effect together, with the last one."""
    last_of_apply: bool
    deleted: bool
    body: str
    """JSON text of the definition's model; empty if deleted."""


def body_of(made: Definition | None) -> str:
    """Return the body of a definition, empty for one that is deleted.

    What is at its default is left out: an older release refuses a body that names what it does not know.
    """
    return "" if made is None else made.model_dump_json(exclude_defaults=True)
