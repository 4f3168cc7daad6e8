"""A text with inserted values, as frozen parts (spec 1.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from automation.scope import Reference
from automation.values import FieldType

MAX_TEMPLATE = 100_000
MAX_PLACEHOLDERS = 1_000
MAX_RENDERED = 1_000_000
"""Characters; the records of the log take no more than a few megabytes."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One inserted value with the type that the schema gives it."""

    reference: Reference
    type: FieldType

    @property
    def stored(self) -> str:
        """The stable form, `{{kind:name}}`."""
        kind, name = self.reference
        return "{{iterator}}" if kind == "iterator" else f"{{{{{kind}:{name}}}}}"


Part: TypeAlias = str | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A text that was checked against a schema; literal parts are never empty."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The stored form: titles resolved to codes."""
        return "".join(part if isinstance(part, str) else part.stored for part in self.parts)

    @property
    def single(self) -> Placeholder | None:
        """The placeholder that the template consists of, if it is exactly one and nothing else."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder) else None


class TemplateError(NamedTuple):
    """One thing wrong with a template: position (from 0, in characters) and what it is."""

    position: int
    message: str


class InvalidTemplateError(ValueError):
    """The text cannot be saved; `errors` names everything that is wrong with it."""

    def __init__(self, errors: tuple[TemplateError, ...]) -> None:
        super().__init__("; ".join(f"at {error.position}: {error.message}" for error in errors[:5]))
        self.errors = errors


def references(template: Template) -> frozenset[Reference]:
    """Return every name that the template inserts: what saving checks (results of other stages or later rules)."""
    return frozenset(part.reference for part in template.parts if isinstance(part, Placeholder))
