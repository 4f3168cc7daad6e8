"""The catalogue of rules, triggers and actions, from which a console draws its forms (spec 1.17)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from automation.catalogue import Entry
from automation.described import example, parameters
from services.gateway import bodies as b
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Problem
from services.gateway.show import answer

ROUTER = APIRouter(tags=["definitions"])


@ROUTER.get("/v1/catalogue", **needs("read"))
async def catalogue(
    request: Request,
    kind: Annotated[Literal["rule", "trigger", "action"] | None, Query()] = None,
    item_type: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """List groups and entries, of a kind or for an item type if given: parameters with JSON schema, results."""
    entries = [entry for _, entry in sorted(ports_of(request).catalogue.items())]
    found = [entry for entry in entries if entry.serves(kind, item_type)]
    return answer({"groups": _groups(found), "entries": [shown(entry) for entry in found]})


@ROUTER.get("/v1/catalogue/{entry_id}", **needs("read"))
async def catalogue_entry(request: Request, entry_id: b.Id) -> Response:
    """Show one entry of the catalogue."""
    found = ports_of(request).catalogue.get(entry_id)
    if found is None:
        raise Problem(404, "unknown_entry", "the catalogue has no such entry")
    return answer(shown(found))


def _groups(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.group), []).append(entry.id)
    return [{"kind": kind, "id": group, "entries": ids} for (kind, group), ids in sorted(groups.items())]


def shown(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain data."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "group": entry.group,
        "title": entry.title,
        "description": entry.description,
        "spec": entry.spec,
        "item_types": entry.types,
        "step_types": entry.step_types,
        "inputs": [one._asdict() for one in parameters(entry)],
        "parameters": entry.params.model_json_schema(),
        "results": dict(entry.results),
        "payment": entry.payment,
        "example": example(entry),
    }
