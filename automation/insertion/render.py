"""From a `Template` to closures: the text with its values, as they are at run time (spec 1.9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from automation.insertion.model import MAX_RENDERED, Placeholder, Template
from automation.insertion.printable import ESCAPES, Target, one_line, printable
from automation.scope import Reader, Scope, reader
from automation.values import FieldType, Personal, Value

Render: TypeAlias = Callable[[Scope], str | Personal]
_Slot: TypeAlias = tuple[int, Reader, FieldType]


class RenderedTooLongError(ValueError):
    """The values make the text longer than the log takes; the step that wanted it fails with `invalid_value`."""


def compile_template(template: Template, target: Target = "plain") -> Render:
    """Return what renders the template for a target.

    Values are escaped, the author's own text is not. A text into which a personal value or an employee's name went is
    personal. Raises `RenderedTooLongError` beyond a million characters; values are never read as templates again.
    """
    parts = [_literal(part, target) for part in template.parts]
    room = MAX_RENDERED - sum(map(len, parts))
    slots: list[_Slot] = [
        (at, reader(part.reference), part.type)
        for at, part in enumerate(template.parts)
        if isinstance(part, Placeholder)
    ]
    escape = ESCAPES[target]

    def render(scope: Scope) -> str | Personal:
        out = parts.copy()
        personal, left = False, room
        for at, read, type_ in slots:
            value = read(scope)
            if value.__class__ is not str or type_ == "user":
                personal = personal or is_personal(value, type_)
                value = printable(value, type_, scope)
            out[at] = text = value if escape is None else escape(value)
            left -= len(text)
            if left < 0:
                raise RenderedTooLongError(f"more than {MAX_RENDERED} characters")
        text = "".join(out)
        return Personal(text) if personal else text

    return render


def is_personal(value: Value, type_: FieldType) -> bool:
    """Say whether a text that shows the value is about a person: users show as their names."""
    return value.__class__ is Personal or (type_ == "user" and bool(value))


def _literal(part: str | Placeholder, target: Target) -> str:
    if isinstance(part, Placeholder):
        return ""
    return one_line(part) if target == "single_line" else part
