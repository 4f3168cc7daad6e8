"""The life cycle of rules, triggers and templates: versions, activation, archiving, copies between pipelines."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.definitions.copying import Wish, copy_automation
from automation.definitions.lifecycle import with_status
from automation.definitions.models import Automation
from automation.definitions.runnable import Runnable
from automation.definitions.tenant_view import SavedVersion, TenantView
from automation.definitions.validation import DefinitionId
from services.gateway import bodies as b
from services.gateway import definition_bodies as d
from services.gateway.access import caller_of
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Fault, Problem, not_found
from services.gateway.saving import edit
from services.gateway.show import answer
from services.gateway.trying import view_of

ROUTER = APIRouter(prefix="/v1/definitions", tags=["definitions"])

KindInPath = Annotated[Literal["rule", "trigger", "template"], Path()]
IdInPath = Annotated[b.Id, Path()]


@ROUTER.get("/{kind}/{definition_id}/versions", **needs("read"))
async def versions(request: Request, kind: KindInPath, definition_id: IdInPath) -> Response:
    """List every version of a rule, trigger or template, newest first, with its status, author and body."""
    view = view_of(ports_of(request), caller_of(request).tenant)
    found = view.saved.get((kind, definition_id))
    if not found:
        raise not_found(kind)
    in_force = view.version_in_force(kind, definition_id)
    shown = [_shown(one, in_force) for one in reversed(found)]
    return answer({"versions": shown, "stopped_by": view.stopped_by(kind, definition_id)})


def _shown(one: SavedVersion, in_force: int) -> dict[str, object]:
    body = one.made.model_dump(mode="json") if one.made else None
    return {
        "version": one.version, "status": getattr(one.made, "status", "deleted"), "author": one.author,
        "saved_at": one.saved_at, "definitions_version": one.definitions_version,
        "in_force": one.version == in_force, "body": body,
    }  # fmt: skip


@ROUTER.post("/{kind}/{definition_id}/activate", **needs("define", d.StatusBody))
async def activate(request: Request, kind: KindInPath, definition_id: IdInPath) -> Response:
    """Put a draft, what was archived, or an earlier version into force."""
    return await _set_status(request, (kind, definition_id), "active")


@ROUTER.post("/{kind}/{definition_id}/archive", **needs("define", d.StatusBody))
async def archive(request: Request, kind: KindInPath, definition_id: IdInPath) -> Response:
    """Start nothing new; runs and processes that have begun finish, runs at whose turn it is not yet are cancelled."""
    return await _set_status(request, (kind, definition_id), "archived")


async def _set_status(request: Request, name: DefinitionId, status: Literal["active", "archived"]) -> Response:
    body = checked_as(d.StatusBody, await read_json(request))

    def make(view: TenantView) -> list[tuple[DefinitionId, Runnable]]:
        try:
            return [(name, with_status(view, *name, status, body.version))]
        except LookupError:
            raise not_found(f"{name[0]}, or version of it") from None

    return await edit(request, body.author, make)


@ROUTER.post("/copy", **needs("define", d.CopyBody))
async def copy(request: Request) -> Response:
    """Copy rules and triggers between pipelines; if anything does not fit, all of it is told and nothing is copied."""
    body = checked_as(d.CopyBody, await read_json(request))
    only = [*(("rule", name) for name in body.rules), *(("trigger", name) for name in body.triggers)]
    source, target = (body.item_type, body.pipeline), (body.to_item_type, body.to_pipeline)
    wish = Wish(source, target, body.stages, only, body.status)

    def make(view: TenantView) -> list[tuple[DefinitionId, Automation]]:
        copied = copy_automation(view, wish)
        if copied.flaws:
            faults = [Fault(f"{f.kind}/{f.id} {f.path}".strip(), f.rule, f.message) for f in copied.flaws]
            raise Problem(422, "invalid_definitions", "nothing was copied", errors=faults)
        if not copied.definitions:
            raise not_found("rule or trigger to copy")
        return list(copied.definitions.items())

    return await edit(request, body.author, make)
