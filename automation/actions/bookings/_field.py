"""The parameter that booking and cancelling have in common: a field of type resource booking (spec 4.8, 4.42)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from automation.scope import Schema


def flaw_of(raw: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with `field`."""
    if raw.get("field") and str(raw["field"]) not in schema.bookable:
        known = ", ".join(sorted(schema.bookable)) or "none"
        yield "field", f"{str(raw['field'])[:60]!r} is no field of type resource booking; known: {known}"
