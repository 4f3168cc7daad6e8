"""Incidents: failed steps of processes that wait until somebody decides, one by one or together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway import bodies as b
from services.gateway import process_bodies as pb
from services.gateway.access import caller_of
from services.gateway.asking import ask
from services.gateway.batches import Batch, targets_of
from services.gateway.batching import begin
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.problems import Problem
from services.gateway.show import answer, page_place
from services.gateway.worklist import MOST_ITEMS
from services.history.process_index import IncidentRow, SoughtIncidents
from services.history.queries import LARGEST_PAGE, History

ROUTER = APIRouter(prefix="/v1/incidents", tags=["processes"])


@ROUTER.get("", **needs("read"))
async def incidents(
    request: Request,
    template: Annotated[str, Query(max_length=200)] = "",
    reason: Annotated[str, Query(max_length=200)] = "",
    step: Annotated[str, Query(max_length=200)] = "",
    item_type: Annotated[str | None, Query(pattern=b.ITEM_TYPE_PATTERN)] = None,
    before: Annotated[str, Query(max_length=600, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the open incidents of all items, raised last first, by template, reason, step and type of item."""
    tenant, place = caller_of(request).tenant, page_place(before) if before else None
    sought = SoughtIncidents(template, reason, step, item_type or "")
    page = await ask(request, lambda history: history.incidents(tenant, sought, before=place, limit=limit))
    following = f"{page.before[0]}:{page.before[1]}" if page.before else None
    return answer({"incidents": [_shown(one) for one in page.incidents], "next": following})


@ROUTER.post("/preview", **needs("define", pb.IncidentsPreviewBody))
async def preview_incidents(request: Request) -> Response:
    """Count the incidents that are meant, and show those raised last; `upto` is what to begin with."""
    body = checked_as(pb.IncidentsPreviewBody, await read_json(request))
    tenant = caller_of(request).tenant
    found = await ask(request, lambda history: _all(history, tenant, _sought(body)))
    upto = max((one.raised_at for one in found), default=0)
    return answer({"total": len(found), "upto": upto, "incidents": [_shown(one) for one in found[: body.limit]]})


@ROUTER.post("/resolve", status_code=202, **needs("define", pb.IncidentsResolveBody))
async def resolve_incidents(request: Request) -> Response:
    """Retry or skip the failed steps that were previewed, or stop their processes, at a rate."""

    async def make(by: str) -> tuple[Batch, list[str]]:
        body = checked_as(pb.IncidentsResolveBody, await read_json(request))
        tenant = caller_of(request).tenant
        found = await ask(request, lambda history: _all(history, tenant, _sought(body, body.upto)))
        batch = Batch(
            "", tenant, body.action, body.template, 0, "{}", body.reason, body.user or by, body.per_second, 0, 0,
            "running", 0, 0,
        )  # fmt: skip
        return batch, targets_of(_one_each(found) if body.action == "stop" else found)

    return await begin(request, make)


def _one_each(found: list[IncidentRow]) -> list[IncidentRow]:
    return list({one.instance_id: one for one in found}.values())


def _sought(body: pb.IncidentsWanted, upto: int = 0) -> SoughtIncidents:
    return SoughtIncidents(body.template, body.reason, body.step, body.item_type or "", upto=upto)


def _all(history: History, tenant: str, sought: SoughtIncidents) -> list[IncidentRow]:
    """Return all that is sought; raises `Problem` (422) for more than a batch takes. Blocks."""
    page = history.incidents(tenant, sought, limit=LARGEST_PAGE)
    found = list(page.incidents)
    while page.before:
        if len(found) > MOST_ITEMS:
            raise Problem(422, "too_many", f"a batch takes up to {MOST_ITEMS}: choose by template, reason or step")
        page = history.incidents(tenant, sought, before=page.before, limit=LARGEST_PAGE)
        found += page.incidents
    return found


def _shown(one: IncidentRow) -> dict[str, Any]:
    return {name: value for name, value in one._asdict().items() if name not in ("stream_id", "tenant")}
