"""What a tenant has defined, and saving it: several definitions at once, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from automation.definitions.models import Definition
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.definitions import Author
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.saving import save
from services.gateway.show import answer

ROUTER = APIRouter(prefix="/v1/definitions", tags=["definitions"])


@ROUTER.get("", **needs("read"))
async def definitions(
    request: Request,
    kind: Annotated[str, Query(max_length=40)] = "",
    id: Annotated[str, Query(max_length=200)] = "",  # noqa: A002 - the name that callers see
) -> Response:
    """List current definitions, of a kind or with an id if given, each with its version for `expected`; and drafts."""
    shelf = ports_of(request).shelf
    view = shelf.book.tenant(caller_of(request).tenant)
    found = _shown(view, view.current, kind, id) if view else []
    drafts = _shown(view, view.drafts, kind, id) if view else []
    return answer({"version": shelf.book.version, "definitions": found, "drafts": drafts})


@ROUTER.put("", **needs("define", b.DefinitionsBody))
async def save_definitions(request: Request) -> Response:
    """Save or delete definitions together; what changed since `expected` is answered 409 and nothing is saved.

    A change that is taken afterwards is decided with these definitions or later ones.
    """
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        body = checked_as(b.DefinitionsBody, await read_json(request))
        author = Author(caller.tenant, body.author or caller.name, ports.clock.now())
        return await ports.shelf.edit(lambda append: save(ports, author, body, append))

    return await once(ports.answers, request, caller.tenant, work)


def _shown(
    view: TenantView, definitions: Mapping[DefinitionId, Definition], kind: str, name: str
) -> list[dict[str, Any]]:
    return [
        {
            "kind": found,
            "id": its_id,
            "version": view.versions[found, its_id],
            "body": made.model_dump(mode="json"),
        }
        for (found, its_id), made in sorted(definitions.items(), key=lambda pair: pair[0])
        if kind in ("", found) and name in ("", its_id)
    ]
