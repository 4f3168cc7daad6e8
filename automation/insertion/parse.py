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
_ITERATOR = ("iterator", "iterator:value")
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
    if inside in _ITERATOR and (schema.iterator is not None or colon):
        return _found(Reference("iterator", "value"), position, schema)
    if not colon or kind not in _STABLE:
        return _titled(inside, position, schema)
    return _found(Reference(cast("Kind", kind), name), position, schema)


def _found(reference: Reference, position: int, schema: Schema) -> Placeholder | TemplateError:
    type_ = schema.type_of(reference)
    if type_ is not None:
        return Placeholder(reference, type_)
    kind, name = reference
    if kind == "iterator":
        return TemplateError(position, "the iterator value is there inside an iterator alone")
    return TemplateError(position, f"unknown {kind} {name[:60]!r}")


def _titled(title: str, position: int, schema: Schema) -> Placeholder | TemplateError:
    """Find what a title stands for: a field, or a start parameter or variable of a process."""
    named = [Reference("field", code) for code, known in schema.titles.items() if known.strip() == title]
    named += [reference for reference, known in schema.other_titles.items() if known.strip() == title]
    if len(named) > 1:
        what = "fields" if all(kind == "field" for kind, _ in named) else "fields, parameters or variables"
        return TemplateError(position, f"{title[:60]!r} is the title of {len(named)} {what}")
    if named:
        return _found(named[0], position, schema)
    if title == "iterator":
        return _found(Reference("iterator", "value"), position, schema)
    if title in LIST_TITLES and schema.type_of(Reference("field", LIST_TITLES[title])) is not None:
        return _found(Reference("field", LIST_TITLES[title]), position, schema)
    return TemplateError(position, f"no field is titled {title[:60]!r}")
