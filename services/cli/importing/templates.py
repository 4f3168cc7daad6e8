"""`{Column}` texts of a mapping: compiled once for a header, then one call a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

Row: TypeAlias = Sequence[str]
Render: TypeAlias = Callable[[Row], str]
FindUser: TypeAlias = Callable[[str], str]

_PLACE = re.compile(r"\{([^{}|]+)((?:\|[^{}|]+)*)\}")
_NO_SLUG = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Return a text as an id: lower-case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return _NO_SLUG.sub("-", plain).strip("-")


def compile_text(text: str, header: Mapping[str, int], find_user: FindUser) -> Render:
    """Return what renders a template for a row; raises `ValueError` naming an unknown column or filter.

    Filters: `slug`, `lower`, `user` (id of the employee of that name), `or:TEXT` for an empty value.
    """
    parts: list[str | Render] = []
    at = 0
    for place in _PLACE.finditer(text):
        parts += [text[at : place.start()], _column(place, header, find_user)]
        at = place.end()
    parts.append(text[at:])
    kept = [part for part in parts if part != ""]
    if any(isinstance(part, str) and ("{" in part or "}" in part) for part in kept):
        raise ValueError(f"{text[:60]!r}: a brace is not closed; write {{Column}} or {{Column|filter}}")
    return _joined(kept)


def _joined(parts: Sequence[str | Render]) -> Render:
    if len(parts) == 1 and not isinstance(parts[0], str):
        return parts[0]
    if all(isinstance(part, str) for part in parts):
        fixed = "".join(str(part) for part in parts)
        return lambda _row: fixed
    return lambda row: "".join(part if isinstance(part, str) else part(row) for part in parts)


def _column(place: re.Match[str], header: Mapping[str, int], find_user: FindUser) -> Render:
    name = place[1].strip()
    if name not in header:
        raise ValueError(f"there is no column {name!r}; there are {', '.join(header)}")
    at = header[name]
    filters = [_filter(found.strip(), find_user) for found in place[2].split("|") if found.strip()]
    if not filters:
        return lambda row: row[at].strip()
    return lambda row: _through(row[at].strip(), filters)


def _through(text: str, filters: Sequence[Callable[[str], str]]) -> str:
    for change in filters:
        text = change(text)
    return text


def _filter(name: str, find_user: FindUser) -> Callable[[str], str]:
    kind, _, text = name.partition(":")
    match kind:
        case "slug":
            return slug
        case "lower":
            return str.lower
        case "user":
            return lambda found: find_user(found) if found else ""
        case "or":
            return lambda found: found or text
    raise ValueError(f"there is no filter {name!r}; there are slug, lower, user, or:TEXT")
