"""Fields that templates bring along: they are added to their item type when the template is saved (spec 4.11, 4.12)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from automation.catalogue import Entry
from automation.definitions import process_models as pm
from automation.definitions.models import STANDARD_FIELDS, Definition, FieldDef, Fields
from automation.params import Takes

_STANDARD = {field.code for field in STANDARD_FIELDS}


def defined_in(row: Any) -> FieldDef:
    """Return the field of a row `{definition, value}`; raises `ValueError` saying what is wrong with it."""
    if not isinstance(row, Mapping) or set(row) != {"definition", "value"}:
        raise ValueError("a row is {definition, value}")
    try:
        return FieldDef.model_validate_json(json.dumps(row["definition"]))
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(map(str, found["loc"]))
        raise ValueError(f"definition.{where}: {found['msg']}") from error


def added(
    catalogue: Mapping[str, Entry], definitions: Mapping[tuple[str, str], Definition | None]
) -> dict[tuple[str, str], Definition | None]:
    """Return the fields of each item type that lacks some which the templates in force bring along.

    A field that is there already stays as it is: whether it fits is checked with the template.
    """
    found: dict[tuple[str, str], Definition | None] = {}
    for item_type, field in _brought(catalogue, definitions):
        name = ("fields", item_type)
        known = found.get(name, definitions.get(name))
        own = known.fields if isinstance(known, Fields) else ()
        if field.code not in _STANDARD and all(field.code != one.code for one in own):
            found[name] = Fields(item_type=item_type, fields=(*own, field))
    return found


def _brought(
    catalogue: Mapping[str, Entry], definitions: Mapping[tuple[str, str], Definition | None]
) -> Iterator[tuple[str, FieldDef]]:
    """Yield the fields, each with its item type; what is no definition of a field is reported with the template."""
    for made in definitions.values():
        if isinstance(made, pm.Template) and made.status == "active":
            for _, step in pm.walk(made.steps):
                if isinstance(step, pm.ActionStep):
                    yield from _of_step(catalogue.get(step.type), step.params)


def _of_step(entry: Entry | None, params: Mapping[str, Any]) -> Iterator[tuple[str, FieldDef]]:
    for name, info in entry.params.model_fields.items() if entry else ():
        item_type = next((one.new_in for one in info.metadata if isinstance(one, Takes)), "")
        rows = params.get(name) if item_type else None
        for row in rows if isinstance(rows, list | tuple) else ():
            try:
                yield item_type, defined_in(row)
            except ValueError:
                continue
