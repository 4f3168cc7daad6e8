"""The common end of all routes that save definitions: checked, written as one apply, read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fastapi import Request
from starlette.responses import Response

from automation.definitions.runnable import Runnable
from automation.definitions.tenant_view import TenantView
from automation.definitions.validation import DefinitionId
from services.gateway.access import caller_of
from services.gateway.bodies import DefinitionBody, DefinitionsBody
from services.gateway.definitions import Author, check_taken, plan_of, records_of
from services.gateway.idempotency import once
from services.gateway.ports import Append, Ports, ports_of
from services.gateway.show import answer


async def save(ports: Ports, author: Author, body: DefinitionsBody, append: Append) -> Response:
    """Save definitions within an edit; raises `Problem` (409, 422)."""
    book = ports.shelf.book
    view = book.tenant(author.tenant) or TenantView(author.tenant, ports.catalogue)
    plan = await plan_of(view, ports.catalogue, body, author.now)
    version = book.version
    if plan.drafts:
        version = await append(records_of(plan.drafts, author))
        check_taken(book.tenant(author.tenant), plan.drafts)
    saved = [{"kind": draft.kind, "id": draft.id, "version": draft.replaces + 1} for draft in plan.drafts]
    return answer({"version": version, "saved": saved, "warnings": [fault.document() for fault in plan.warnings]})


async def edit(
    request: Request, author: str, make: Callable[[TenantView], Iterable[tuple[DefinitionId, Runnable]]]
) -> Response:
    """Save the rules and triggers that `make` returns for what is in force; a repeat has the same answer."""
    caller, ports = caller_of(request), ports_of(request)
    by = Author(caller.tenant, author or caller.name, ports.clock.now())

    async def work(append: Append) -> Response:
        view = ports.shelf.book.tenant(by.tenant) or TenantView(by.tenant, ports.catalogue)
        bodies = [
            DefinitionBody(kind=kind, id=name, body=made.model_dump(mode="json")) for (kind, name), made in make(view)
        ]
        return await save(ports, by, DefinitionsBody(definitions=bodies), append)

    return await once(ports.answers, request, caller.tenant, lambda: ports.shelf.edit(work))
