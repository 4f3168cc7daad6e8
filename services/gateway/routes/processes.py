"""Business processes: started by hand, looked at, controlled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from automation.envelope import Key
from services.gateway import bodies as b
from services.gateway import process_bodies as pb
from services.gateway.access import caller_of
from services.gateway.asking import ask, ask_known
from services.gateway.catching_up import with_definitions
from services.gateway.changes import Origin
from services.gateway.idempotency import once, once_key
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.processes import control_letter, shown_entry, start_letter, why_of
from services.gateway.show import answer, page_place
from services.gateway.taking import Wait, take
from services.gateway.trying import view_of
from services.history.process_index import ProcessRow, SoughtProcesses
from services.history.process_log import ProcessEntry
from services.history.queries import ProcessPage

ROUTER = APIRouter(tags=["processes"])

TypeInPath = Annotated[str, Path(pattern=b.ITEM_TYPE_PATTERN)]
IdInPath = Annotated[b.Id, Path()]
Status = Literal["", "running", "paused", "completed", "cancelled", "open", "incident"]
Before = Annotated[str, Query(max_length=600, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200)]
OF_ITEM = "/v1/items/{item_type}/{item_id}/processes"


@ROUTER.post(OF_ITEM, status_code=202, **needs("write", pb.StartBody))
async def start_process(request: Request, item_type: TypeInPath, item_id: IdInPath, wait: Wait = 0) -> Response:
    """Start a template on the item, with the values of its form; the answer names the instance."""
    caller, ports = caller_of(request), ports_of(request)
    key = Key(caller.tenant, item_type, item_id)

    async def work() -> Response:
        body = _signed(checked_as(pb.StartBody, await read_json(request)), caller.name)
        made = await with_definitions(ports, lambda: start_letter(ports, _origin(request, key), key, body))
        return await take(ports, made[0], wait, {"instance_id": made[1]})

    return await once(ports.answers, request, caller.tenant, work)


def _signed(body: Any, name: str) -> Any:
    """Return a body with its author: the employee that it names, else the API key."""
    return body if body.user else body.model_copy(update={"user": name[:200]})


def _origin(request: Request, key: Key) -> Origin:
    return Origin(key.tenant, ports_of(request).clock.now(), once_key(request, key.tenant, None))


@ROUTER.get(OF_ITEM, **needs("read"))
async def processes_of_item(
    request: Request, item_type: TypeInPath, item_id: IdInPath, status: Status = "", before: Before = "",
    limit: Limit = 50,
) -> Response:  # fmt: skip
    """List the processes of an item, started last first: those that run, and those that have ended."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    sought, place = SoughtProcesses(item_type, item_id, status=status), page_place(before) if before else None
    page = await ask_known(request, key, lambda h: h.processes(key.tenant, sought, before=place, limit=limit))
    return answer(_page(page))


@ROUTER.get("/v1/processes", **needs("read"))
async def processes(
    request: Request,
    template: Annotated[str, Query(max_length=200)] = "",
    status: Status = "",
    instance: Annotated[str, Query(pattern="^[0-9a-f]{0,32}$", description="Id, or how it begins.")] = "",
    before: Before = "",
    limit: Limit = 50,
) -> Response:
    """List processes of all items, started last first, by template and status; `incident`: somebody must decide."""
    tenant, place = caller_of(request).tenant, page_place(before) if before else None
    sought = SoughtProcesses(template_id=template, status=status, instance=instance)
    return answer(_page(await ask(request, lambda h: h.processes(tenant, sought, before=place, limit=limit))))


@ROUTER.get("/v1/processes/totals", **needs("read"))
async def process_totals(request: Request) -> Response:
    """Return, by template, how many processes run or are paused, and how many incidents wait for a decision."""
    tenant = caller_of(request).tenant
    return answer({"templates": await ask(request, lambda history: history.process_totals(tenant))})


@ROUTER.get(OF_ITEM + "/{instance_id}", **needs("read"))
async def process(
    request: Request,
    item_type: TypeInPath,
    item_id: IdInPath,
    instance_id: IdInPath,
    version: Annotated[int | None, Query(ge=0, lt=2**62, description="As it was after this event.")] = None,
    as_of: Annotated[int | None, Query(ge=0, le=b.MAX_MOMENT, description="As it was at this moment, in ms.")] = None,
) -> Response:
    """Return a process with its variables, current steps, incidents and log: now, after an event, or at a moment."""
    if version is not None and as_of is not None:
        raise Problem(422, "invalid", "give version or as_of, not both")
    key = Key(caller_of(request).tenant, item_type, item_id)
    found = await _entry(request, key, instance_id, version, as_of)
    return answer(shown_entry(view_of(ports_of(request), key.tenant), found))


async def _entry(
    request: Request, key: Key, instance_id: str, version: int | None = None, as_of: int | None = None
) -> ProcessEntry:
    why = why_of(view_of(ports_of(request), key.tenant))
    found = await ask_known(
        request, key, lambda h: h.process(key, instance_id, version=version, recorded_at=as_of, why=why)
    )
    if found is None:
        raise not_found("process, or it had not begun")
    return found


@ROUTER.post(OF_ITEM + "/{instance_id}/control", status_code=202, **needs("write", pb.ControlBody))
async def control_process(
    request: Request, item_type: TypeInPath, item_id: IdInPath, instance_id: IdInPath, wait: Wait = 0
) -> Response:
    """Stop, pause or resume a process, retry or skip a step, set variables; the log keeps who did it."""
    caller, ports = caller_of(request), ports_of(request)
    key = Key(caller.tenant, item_type, item_id)

    async def work() -> Response:
        body = _signed(checked_as(pb.ControlBody, await read_json(request)), caller.name)
        entry = await _entry(request, key, instance_id)
        return await take(ports, control_letter(ports, _origin(request, key), key, entry, body), wait)

    return await once(ports.answers, request, caller.tenant, work)


def _page(page: ProcessPage) -> dict[str, Any]:
    following = f"{page.before[0]}:{page.before[1]}" if page.before else None
    return {"processes": [_row(row, count) for row, count in page.processes], "next": following}


def _row(row: ProcessRow, incidents: int) -> dict[str, Any]:
    shown = {name: value for name, value in row._asdict().items() if name not in ("stream_id", "tenant")}
    return {**shown, "incidents": incidents}
