"""Import definitions: each distinct id in a column becomes one, such as users and departments (spec 1.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from automation.definitions.models import Definition
from automation.definitions.validation import DefinitionId, Flaw, id_of, read
from services.cli.importing.mapping import Mapping as MappingFile
from services.cli.importing.table import Rejected, Table
from services.cli.importing.templates import Render, Row, compile_text


class Made(NamedTuple):
    """Definitions from a file, and what is wrong with some of them."""

    definitions: dict[DefinitionId, Definition]
    flaws: list[tuple[int, Flaw]]
    """With the line of the file."""


def definitions_of(mapping: MappingFile, table: Table, rejected: Rejected) -> Made:
    """Return one definition for each distinct id; a row that contradicts an earlier one is rejected.

    A body whose id comes out empty is left out. Raises `ValueError` for templates that cannot be compiled.
    """
    columns = {name.strip(): at for at, name in enumerate(table.header)}
    templates = [_compiled(body, columns) for body in mapping.definitions]
    made = Made({}, [])
    bodies: dict[DefinitionId, Any] = {}
    for found in table.rows():
        if len(found.row) != len(table.header):
            rejected.add(found.line, f"{len(found.row)} values instead of {len(table.header)}", found.row)
            continue
        for template in templates:
            body = _filled(template, found.row)
            if isinstance(body, dict) and body.get("id"):
                _take(body, bodies, made, found.line, lambda why, at=found: rejected.add(at.line, why, at.row))
    return made


def _take(body: dict[str, Any], bodies: dict[DefinitionId, Any], made: Made, line: int, reject: Any) -> None:
    name = (str(body.get("kind", "")), str(body["id"]))
    if name in bodies:
        if bodies[name] != body:
            reject(f"{name[0]} {name[1]!r} is another one on an earlier line")
        return
    bodies[name] = body
    found, flaws = read(name[0], {field: value for field, value in body.items() if field != "kind"})
    made.flaws.extend((line, flaw) for flaw in flaws)
    if found is not None:
        made.definitions[name[0], id_of(found)] = found


def _compiled(value: Any, columns: Mapping[str, int]) -> Any:
    """Return the body with its texts as functions of a row."""
    if isinstance(value, Mapping):
        return {name: _compiled(part, columns) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_compiled(part, columns) for part in value]
    return compile_text(value, columns, _nobody) if isinstance(value, str) else value


def _filled(template: Any, row: Row) -> Any:
    """Return the body for a row; what comes out empty is left out, so that its default stands."""
    if isinstance(template, dict):
        filled = {name: _filled(part, row) for name, part in template.items()}
        return {name: part for name, part in filled.items() if part not in ("", [])}
    if isinstance(template, list):
        return [part for part in (_filled(part, row) for part in template) if part != ""]
    render: Render | Any = template
    return render(row) if callable(render) else template


def _nobody(name: str) -> str:
    raise ValueError(f"the filter `user` is of no use here: {name[:40]!r} is what is being defined")
