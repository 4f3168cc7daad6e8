"""Trying rules, and enrolling items that stood in a stage before its rule did."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.items.state import ItemState
from services.gateway import bodies as b
from services.gateway import definition_bodies as d
from services.gateway.access import caller_of
from services.gateway.enrolments import MOST_ITEMS, Enrolment, RunningError, as_data
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.show import answer
from services.gateway.trying import (
    items_in,
    place_of,
    saved_rule,
    shown,
    state_for,
    tried_on_each,
    try_on,
    unsaved_rule,
    view_of,
)

ROUTER = APIRouter(prefix="/v1", tags=["definitions"])

IdInPath = Annotated[b.Id, Path()]


@ROUTER.post("/rules/{rule_id}/dry-run", **needs("define", d.DryRunBody))
async def try_rule(request: Request, rule_id: IdInPath) -> Response:
    """Say what a rule would do on an item now, and why; nothing is performed.

    Texts about people are masked for a key without the role `read`.
    """
    caller, ports = caller_of(request), ports_of(request)
    body = checked_as(d.DryRunBody, await read_json(request))
    view = view_of(ports, caller.tenant)
    rule = await unsaved_rule(view, rule_id, body.rule) if body.rule else saved_rule(view, rule_id, body.version)
    state = await state_for(ports, view, body)
    found = await asyncio.to_thread(try_on, ports, view, state, rule)
    return answer({"item_version": state.version, **shown(caller, state, found)})


@ROUTER.post("/rules/{rule_id}/enrolments/preview", **needs("define", d.PreviewBody))
async def preview_enrolment(request: Request, rule_id: IdInPath) -> Response:
    """Count the items in the rule's stage, and say of some what the rule would do on each."""
    caller, ports = caller_of(request), ports_of(request)
    body = checked_as(d.PreviewBody, await read_json(request))
    view = view_of(ports, caller.tenant)
    place, rule = place_of(view, rule_id), saved_rule(view, rule_id, 0)

    def work() -> dict[str, Any]:
        history = ports.history()
        ids = sorted(items_in(history, caller.tenant, place, MOST_ITEMS))
        page = [name for name in ids if name > body.before][: body.limit]

        def tried(state: ItemState) -> dict[str, Any]:
            return shown(caller, state, try_on(ports, view, state, rule))

        items = tried_on_each(history, caller.tenant, page, place.item_type, tried)
        told = Counter(_told(one["dry_run"]) for one in items)
        more = page[-1] if page and page[-1] != ids[-1] else None
        return {"version": rule.version, "total": len(ids), "outcomes": told, "items": items, "next": more}

    return answer(await asyncio.to_thread(work))


def _told(found: dict[str, Any]) -> str:
    """Return in a word what an enrolment would lead to."""
    if found["refusal"]:
        return f"refused({found['refusal']})"
    return f"{found['outcome']}({found['reason']})" if found["reason"] else str(found["outcome"])


@ROUTER.post("/rules/{rule_id}/enrolments", status_code=202, **needs("define", d.EnrolBody))
async def enrol(request: Request, rule_id: IdInPath) -> Response:
    """Run the rule on the items that are in its stage now, at a rate; each runs it at most once for a stage entry."""
    caller, ports = caller_of(request), ports_of(request)

    async def work() -> Response:
        body = checked_as(d.EnrolBody, await read_json(request))
        view = view_of(ports, caller.tenant)
        place = place_of(view, rule_id)
        if view.version_in_force("rule", rule_id) != body.version:
            raise Problem(409, "overtaken", "the rule has another version by now: preview it again")
        ids = list(dict.fromkeys(body.item_ids)) or await asyncio.to_thread(
            lambda: items_in(ports.history(), caller.tenant, place, MOST_ITEMS)
        )
        if len(ids) > MOST_ITEMS:
            raise Problem(422, "too_many", f"an enrolment takes up to {MOST_ITEMS} items: name them in several")
        by = body.user or caller.name
        made = Enrolment(
            uuid.uuid4().hex, caller.tenant, rule_id, body.version, place.item_type, by, body.per_second, len(ids), 0,
            "running" if ids else "done", ports.clock.now(), 0,
        )  # fmt: skip
        try:
            await asyncio.to_thread(ports.enrolments.add, made, ids)
        except RunningError as error:
            raise Problem(409, "enrolment_running", "wait for the tenant's enrolment, or cancel it") from error
        return answer(as_data(made), 202)

    return await once(ports.answers, request, caller.tenant, work)


@ROUTER.get("/enrolments", **needs("read"))
async def enrolments(request: Request) -> Response:
    """List the last enrolments, newest first; `sent` of `total` items have been asked for."""
    found = await asyncio.to_thread(ports_of(request).enrolments.listed, caller_of(request).tenant)
    return answer({"enrolments": [as_data(one) for one in found]})


@ROUTER.get("/enrolments/{enrolment_id}", **needs("read"))
async def enrolment(request: Request, enrolment_id: IdInPath) -> Response:
    """Return one enrolment."""
    found = await asyncio.to_thread(ports_of(request).enrolments.find, caller_of(request).tenant, enrolment_id)
    if found is None:
        raise not_found("enrolment")
    return answer(as_data(found))


@ROUTER.delete("/enrolments/{enrolment_id}", **needs("define"))
async def cancel_enrolment(request: Request, enrolment_id: IdInPath) -> Response:
    """Take no more items; runs that have begun finish."""
    tenant, table = caller_of(request).tenant, ports_of(request).enrolments
    await asyncio.to_thread(table.cancel, tenant, enrolment_id)
    return await enrolment(request, enrolment_id)
