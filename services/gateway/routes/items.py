"""Items: state now or as of a version or moment, timeline, journal, runs, events, and search by stage."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from automation.envelope import Key
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.asking import ask, ask_known, place_of
from services.gateway.operations import needs
from services.gateway.problems import Problem
from services.gateway.show import answer
from services.history.queries import AsOf, History
from services.history.records import Current
from services.history.values import from_json

ROUTER = APIRouter(prefix="/v1/items", tags=["items"])

TypeInPath = Annotated[str, Path(pattern=b.ITEM_TYPE_PATTERN)]
IdInPath = Annotated[b.Id, Path()]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[int | None, Query(ge=1, lt=2**62, description="Version: entries before it.")]
ITEM = "/{item_type}/{item_id}"
_LEFT_OUT = {
    "activities",
    "seen",
    "opened",
    "entry_definitions",
    "alerted_at",
    "moves",
    "runs",
    "ended",
    "held",
    "asked",
    "processes",
    "steps",
    "waiters",
    "worked_hour",
    "worked_steps",
}
"""What decisions need of a state and nobody else; processes are read by themselves (`…/processes`)."""


@ROUTER.get("", **needs("read"))
async def search(
    request: Request,
    item_type: Annotated[str, Query(pattern=b.ITEM_TYPE_PATTERN)],
    pipeline: Annotated[str, Query(max_length=200)] = "",
    stage: Annotated[str, Query(max_length=200)] = "",
    before: Annotated[str, Query(max_length=600, description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> Response:
    """List current items of a type, of a pipeline or stage if given, last changed first."""
    tenant, place = caller_of(request).tenant, place_of(before, caller_of(request).tenant)

    def look(history: History) -> Any:
        return history.items(tenant, item_type, pipeline=pipeline, stage=stage, before=place, limit=limit)

    page = await ask(request, look)
    following = f"{page.before[0]}:{page.before[1]}" if page.before else None
    return answer({"items": [_row(found) for found in page.items], "next": following})


@ROUTER.get(ITEM, **needs("read"))
async def item_state(
    request: Request,
    item_type: TypeInPath,
    item_id: IdInPath,
    version: Annotated[int | None, Query(ge=0, lt=2**62, description="The state after this event.")] = None,
    as_of: Annotated[int | None, Query(ge=0, le=b.MAX_MOMENT, description="The state at this moment, in ms.")] = None,
) -> Response:
    """Return an item's state: now, after one of its events, or at a moment; deleted items keep theirs."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    if version is not None and as_of is not None:
        raise Problem(422, "invalid", "give version or as_of, not both")
    try:
        found = await ask_known(request, key, lambda h: h.state_as_of(key, version=version, recorded_at=as_of))
    except ValueError as error:
        raise Problem(404, "no_such_version", str(error)) from None
    if not found.version:
        raise Problem(404, "not_yet", "the item did not exist yet")
    return answer(_state(key, found))


@ROUTER.get(ITEM + "/timeline", **needs("read"))
async def timeline(
    request: Request, item_type: TypeInPath, item_id: IdInPath, before: Before = None, limit: Limit = 50
) -> Response:
    """Return the timeline, newest first; `next` is the `before` of the following page."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    page = await ask_known(request, key, lambda history: history.timeline(key, before=before, limit=limit))
    return answer({"entries": page.entries, "next": page.before})


@ROUTER.get(ITEM + "/journal", **needs("read"))
async def journal(
    request: Request, item_type: TypeInPath, item_id: IdInPath, before: Before = None, limit: Limit = 100
) -> Response:
    """Return field changes and records that processes added, newest first; the entries of one save stay together."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    entries = await ask_known(request, key, lambda history: history.journal(key, before=before, limit=limit))
    return answer({"entries": entries, "next": entries[-1].version if len(entries) >= limit else None})


@ROUTER.get(ITEM + "/activities", **needs("read"))
async def activities(request: Request, item_type: TypeInPath, item_id: IdInPath, open: bool = False) -> Response:  # noqa: A002 - the name that callers see
    """Return the activities of the item, oldest first: planned, completed and taken back; `open` for planned alone."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    found = await ask_known(request, key, lambda history: history.activities(key))
    return answer({"activities": [one for one in found if one.status == "planned" or not open]})


@ROUTER.get(ITEM + "/runs", **needs("read"))
async def runs(request: Request, item_type: TypeInPath, item_id: IdInPath) -> Response:
    """Return each rule run and trigger firing with its outcome, reason, results and calls."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    return answer(await ask_known(request, key, lambda history: history.run_log(key)))


@ROUTER.get(ITEM + "/events", **needs("read"))
async def events(
    request: Request,
    item_type: TypeInPath,
    item_id: IdInPath,
    after: Annotated[int, Query(ge=0, lt=2**62)] = 0,
    limit: Limit = 100,
) -> Response:
    """Return the log of the item from after a version, oldest first."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    found = await ask_known(request, key, lambda history: history.events(key, after=after, limit=limit))
    shown = [{"type": type(one.event).__name__, **one.envelope._asdict(), "event": one.event} for one in found]
    return answer({"events": shown, "next": found[-1].envelope.version if len(found) == limit else None})


def _row(row: Current) -> dict[str, Any]:
    shown = row._asdict()
    amount = {"minor": row.amount_minor, "currency": row.currency} if row.currency else None
    for name in ("stream_id", "log", "amount_minor", "currency", "deleted", "tenant"):
        del shown[name]
    return {**shown, "amount": amount, "fields": from_json(row.fields)}


def _state(key: Key, found: AsOf) -> dict[str, Any]:
    state = {name: value for name, value in found.state._asdict().items() if name not in _LEFT_OUT}
    del state["tenant"]
    open_runs = list(found.state.runs.values())
    return {**state, "item_type": key.item_type, "item_id": key.item_id, "open_runs": open_runs}
