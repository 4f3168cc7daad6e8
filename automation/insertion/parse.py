"""From text to a checked `Template` (spec 1.9); everything wrong is reported at once, with its position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from automation.insertion.model import (
    MAX_PLACEHOLDERS,
    MAX_TEMPLATE,
    InvalidTemplateError,
    Part,
    Placeholder,
    Template,
    TemplateError,
)
from automation.scope import LIST_TITLES, Kind, Reference, Schema

_STABLE = ("field", "param", "var", "const", "result")
_LONGEST = 500
_MAX_ERRORS = 100


def parse_template(text: str, schema: Schema) -> Template:
    """Return the template that a text stands for; `{{Field title}}` is resolved to its code.

    Raises `InvalidTemplateError` with every error found (at most 100), and nothing else.
    """
    if len(text) > MAX_TEMPLATE:
        raise InvalidTemplateError((TemplateError(MAX_TEMPLATE, f"longer than {MAX_TEMPLATE} characters"),))
    if text.count("{{") > MAX_PLACEHOLDERS:
        raise InvalidTemplateError((TemplateError(0, f"more than {MAX_PLACEHOLDERS} placeholders"),))
    parts: list[Part] = []
    errors: list[TemplateError] = []
    for position, piece, inserted in _pieces(text):
        part = _placeholder(piece, position, schema) if inserted else piece
        if isinstance(part, TemplateError):
            errors.append(part)
        elif part:
            parts.append(part)
    if errors:
        raise InvalidTemplateError(tuple(errors[:_MAX_ERRORS]))
    return Template(tuple(parts))


def _pieces(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (position, text, whether it is a placeholder); an unclosed one reaches to the end, without `}}`."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        yield at, text[at:start], False
        end = text.find("}}", start + 2)
        at = end + 2 if end >= 0 else len(text)
        yield start, text[start:at], True
    yield at, text[at:], False


def _placeholder(piece: str, position: int, schema: Schema) -> Placeholder | TemplateError:
    inside = piece[2:-2].strip()
    if not piece.endswith("}}") or len(piece) < 4:
        return TemplateError(position, "the placeholder is not closed")
    if "{{" in piece[2:]:
        return TemplateError(position + 2 + piece[2:].index("{{"), "a placeholder cannot stand in another one")
    if not inside:
        return TemplateError(position, "the placeholder is empty")
    if len(inside) > _LONGEST:
        return TemplateError(position, f"the placeholder is longer than {_LONGEST} characters")
    return _resolve(inside, position, schema)


def _resolve(inside: str, position: int, schema: Schema) -> Placeholder | TemplateError:
    kind, colon, name = inside.partition(":")
    if inside == "iterator" and schema.iterator is not None:
        return Placeholder(Reference("iterator", "value"), schema.iterator)
    if not colon or kind not in _STABLE:
        return _titled(inside, position, schema)
    reference = Reference(cast("Kind", kind), name)
    type_ = schema.type_of(reference)
    return TemplateError(position, f"unknown {kind} {name[:60]!r}") if type_ is None else Placeholder(reference, type_)


def _titled(title: str, position: int, schema: Schema) -> Placeholder | TemplateError:
    codes = [code for code, known in schema.titles.items() if known.strip() == title]
    if len(codes) > 1:
        return TemplateError(position, f"{title[:60]!r} is the title of {len(codes)} fields")
    reference = Reference("field", codes[0] if codes else LIST_TITLES.get(title, ""))
    type_ = schema.type_of(reference)
    return (
        TemplateError(position, f"no field is titled {title[:60]!r}")
        if type_ is None
        else Placeholder(reference, type_)
    )
