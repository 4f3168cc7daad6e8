"""Templates of business processes: the start form, dry runs, starts on many items."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.definitions.compiled_process import CompiledTemplate
from automation.definitions.tenant_view import TenantView
from automation.items.state import ItemState
from automation.processes.form import start_form
from automation.processes.trying import try_start
from automation.values import Value
from services.gateway import bodies as b
from services.gateway import process_bodies as pb
from services.gateway.access import caller_of
from services.gateway.batches import Batch, Target
from services.gateway.batching import begin
from services.gateway.definition_bodies import DryRunBody
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Problem
from services.gateway.processes import params_of, shown_try, startable, template_of
from services.gateway.show import answer
from services.gateway.trying import Place, items_in, shower_for, state_for, tried_on_each, view_of
from services.gateway.worklist import MOST_ITEMS
from services.history.values import to_json

ROUTER = APIRouter(prefix="/v1/templates", tags=["processes"])

IdInPath = Annotated[b.Id, Path()]


@ROUTER.get("/{template_id}/form", **needs("read"))
async def form(request: Request, template_id: IdInPath) -> Response:
    """Return the start form as a JSON schema, for the version in force."""
    view = view_of(ports_of(request), caller_of(request).tenant)
    template = template_of(view, template_id)
    found = {"template_id": template.id, "version": template.version, "item_type": template.model.item_type}
    return answer({**found, "schema": start_form(template.model)})


@ROUTER.post("/{template_id}/dry-run", **needs("define", pb.TryStartBody))
async def try_template(request: Request, template_id: IdInPath) -> Response:
    """Say whether a process would start on an item now, and what it would do until it first waits; nothing is done.

    Texts about people are masked for a key without the role `read`.
    """
    caller, ports = caller_of(request), ports_of(request)
    body = checked_as(pb.TryStartBody, await read_json(request))
    view = view_of(ports, caller.tenant)
    template = template_of(view, template_id, body.version)
    params = params_of(template, body.params) if body.params else {}
    state = await state_for(ports, view, DryRunBody(item=body.item, as_of=body.as_of, given=body.given))

    def work() -> dict[str, Any]:
        return shown_try(view, _tried(ports, view, state, template, params), shower_for(caller, state))

    return answer({"item_version": state.version, **await asyncio.to_thread(work)})


def _tried(ports: Ports, view: TenantView, state: ItemState, template: CompiledTemplate, params: Any) -> Any:
    return try_start(view, state, template, params, ports.clock.now(), ports.shelf.book.version)


@ROUTER.post("/{template_id}/starts/preview", **needs("define", pb.StartsPreviewBody))
async def preview_starts(request: Request, template_id: IdInPath) -> Response:
    """Count the items that are meant, and say of some what a start would lead to on each."""
    caller, ports = caller_of(request), ports_of(request)
    body = checked_as(pb.StartsPreviewBody, await read_json(request))
    view = view_of(ports, caller.tenant)
    template, params = _wanted(view, template_id, body)

    def work() -> dict[str, Any]:
        ids = sorted(_ids(ports, view, template, body))

        def tried(state: ItemState) -> dict[str, Any]:
            return shown_try(view, _tried(ports, view, state, template, params), shower_for(caller, state))

        item_type, page = template.model.item_type, ids[: body.limit]
        items = tried_on_each(ports.history(), caller.tenant, page, item_type, tried)
        told = Counter(one["dry_run"]["refusal"] or "starts" for one in items)
        return {"version": template.version, "total": len(ids), "outcomes": told, "items": items}

    return answer(await asyncio.to_thread(work))


@ROUTER.post("/{template_id}/starts", status_code=202, **needs("define", pb.StartsBody))
async def start_on_many(request: Request, template_id: IdInPath) -> Response:
    """Start the template that was previewed on all items that are meant now, at a rate, once on each."""
    caller, ports = caller_of(request), ports_of(request)

    async def make(by: str) -> tuple[Batch, list[str]]:
        body = checked_as(pb.StartsBody, await read_json(request))
        view = view_of(ports, caller.tenant)
        template, params = _wanted(view, template_id, body)
        if template.version != body.version:
            raise Problem(409, "overtaken", "the template has another version by now: preview it again")
        ids = await asyncio.to_thread(_ids, ports, view, template, body)
        if len(ids) > MOST_ITEMS:
            raise Problem(422, "too_many", f"a batch takes up to {MOST_ITEMS} items: name them in several")
        batch = Batch(
            "", caller.tenant, "start", template.id, template.version, to_json(params), "", body.user or by,
            body.per_second, 0, 0, "running", 0, 0,
        )  # fmt: skip
        return batch, [Target(template.model.item_type, item_id).text for item_id in ids]

    return await begin(request, make)


def _wanted(view: TenantView, name: str, body: pb.StartsWanted) -> tuple[CompiledTemplate, dict[str, Value]]:
    template = startable(view, name, template_of(view, name).model.item_type)
    return template, params_of(template, body.params)


def _ids(ports: Ports, view: TenantView, template: CompiledTemplate, body: pb.StartsWanted) -> list[str]:
    """Return the items that are meant; blocks."""
    if body.item_ids:
        return list(dict.fromkeys(body.item_ids))
    at = Place(template.model.item_type, body.pipeline, body.stage)
    return items_in(ports.history(), view.tenant, at, MOST_ITEMS)
