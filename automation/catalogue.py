"""The catalogue: every rule, trigger and action is one file that exports one value `ENTRY` (spec 1.17)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from automation.plan import Context, Plan
from automation.scope import Schema
from automation.values import FieldType

if TYPE_CHECKING:
    from automation.definitions.tenant_view import TenantView

Kind = Literal["rule", "trigger", "action"]


class Params(BaseModel):
    """Base of an entry's parameters: strict, closed, frozen. Instances hold values with all insertions resolved."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)
    EXAMPLE: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Parameters of the example in the reference whose type does not say what could stand there."""

    @classmethod
    def flaws(cls, raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with parameters that are right one by one: path and sentence; checked when saved."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One feature of the catalogue.

    `plan` is pure: it is asked again, with more answers in its context, until it no longer asks (design section 2).
    A trigger has no plan: `fact` names the event type that it watches.
    """

    id: str
    kind: Kind
    group: str
    title: str
    description: str
    spec: str
    """Section of the specification."""
    types: tuple[str, ...]
    """Item types it may be used on; an SPA item counts as `spa_item`."""
    params: type[Params] = Params
    results: Mapping[str, FieldType] = field(default_factory=dict)
    plan: Callable[[Context, Any], Plan] | None = None
    fact: str = ""
    watched: Callable[[Any], Iterable[str]] | None = None
    """Returns the codes of the fields that a trigger on field changes watches, out of its parameters."""
    publishes: Callable[[Mapping[str, Any], TenantView], Mapping[str, FieldType]] | None = None
    """Results that depend on the parameters as they were written, beside those in `results`."""
    payment: bool = False
    """A payment trigger: the responsible is alerted (spec 1.11)."""
    also_step: tuple[str, ...] = ()
    """Types of documents whose processes may use a rule as a step."""
    ends_process: bool = False
    """The process is at its end when the action has done its work."""

    def results_of(self, params: Mapping[str, Any], view: TenantView) -> Mapping[str, FieldType]:
        """Return the type of each result that the entry publishes with these parameters."""
        return {**self.results, **self.publishes(params, view)} if self.publishes else self.results

    @property
    def step_types(self) -> tuple[str, ...]:
        """Types of documents whose processes may use the entry as a step."""
        return self.types if self.kind == "action" else self.also_step

    def allows(self, item_type: str) -> bool:
        """Say whether the entry may be used on items of the type."""
        return item_type.partition(".")[0] in self.types

    def serves(self, kind: Kind | None, item_type: str) -> bool:
        """Say whether it may be used as a kind on items of a type, steps being actions; None and empty for any."""
        used = {self.kind: self.types, "action": self.step_types}
        listed = [types for one, types in used.items() if types and kind in (None, one)]
        return any(not item_type or item_type.partition(".")[0] in types for types in listed)


class CatalogueError(Exception):
    """A file of the catalogue has no entry, or two files have the same id: stop at start."""


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    prefix = f"{package.__name__}."
    for found in pkgutil.walk_packages(package.__path__, prefix):
        if not found.ispkg and not found.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(found.name)


def load(*packages: ModuleType) -> Mapping[str, Entry]:
    """Return all entries below the packages by id; raises `CatalogueError` naming the file at fault."""
    entries: dict[str, Entry] = {}
    for module in (module for package in packages for module in _modules(package)):
        entry = getattr(module, "ENTRY", None)
        if not isinstance(entry, Entry):
            raise CatalogueError(f"{module.__name__} exports no ENTRY")
        if entry.id in entries or entry.id != module.__name__.rpartition(".")[2]:
            raise CatalogueError(f"{module.__name__}: id {entry.id} is used twice or differs from the file's name")
        entries[entry.id] = entry
    return MappingProxyType(entries)
