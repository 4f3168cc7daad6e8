"""Changes of items: one, many at once, deletion, and what became of one."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from automation.envelope import Key
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.catching_up import catch_up, may_be_new, with_definitions
from services.gateway.changes import Origin, letter_of
from services.gateway.fates import outcome, wait_for
from services.gateway.idempotency import once, once_key
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Problem
from services.gateway.sending import Fate, Letter
from services.gateway.show import answer
from services.gateway.taking import Wait, problem_of, take

ROUTER = APIRouter(tags=["changes"])

TypeInPath = Annotated[str, Path(pattern=b.ITEM_TYPE_PATTERN)]
IdInPath = Annotated[b.Id, Path()]


@ROUTER.post("/v1/items/{item_type}/{item_id}/changes", status_code=202, **needs("write", "ChangeBody"))
async def change_item(request: Request, item_type: TypeInPath, item_id: IdInPath, wait: Wait = 0) -> Response:
    """Take one change of an item: it is decided on within moments, in order for each item."""
    caller = caller_of(request)
    key = Key(caller.tenant, item_type, item_id)

    async def work() -> Response:
        body = checked_as(b.OneChange, {"change": await read_json(request)}).change
        return await take(ports_of(request), await _letter(request, key, body), wait)

    return await once(ports_of(request).answers, request, caller.tenant, work)


@ROUTER.delete("/v1/items/{item_type}/{item_id}", status_code=202, **needs("write"))
async def delete_item(request: Request, item_type: TypeInPath, item_id: IdInPath, wait: Wait = 0) -> Response:
    """Delete an item; its history stays."""
    caller = caller_of(request)
    key = Key(caller.tenant, item_type, item_id)

    async def work() -> Response:
        return await take(ports_of(request), await _letter(request, key, b.DeleteBody(kind="delete")), wait)

    return await once(ports_of(request).answers, request, caller.tenant, work)


@ROUTER.post("/v1/changes", status_code=202, **needs("write", b.BatchBody))
async def change_items(request: Request) -> Response:
    """Take up to 500 changes, each with its own result: 202 if all were taken, else 207.

    Changes of one item take effect in the order given. A change without a `change_key` gets its id from the
    Idempotency-Key and its place.
    """
    caller = caller_of(request)

    async def work() -> Response:
        batch = checked_as(b.BatchBody, await read_json(request))
        ports = ports_of(request)
        ports.tenants.admit(caller.tenant, ports.clock.now(), len(batch.changes) - 1)
        results = await _take_all(request, batch.changes)
        good = all(found["status"] == HTTPStatus.ACCEPTED for found in results)
        return answer({"results": results}, HTTPStatus.ACCEPTED if good else HTTPStatus.MULTI_STATUS)

    return await once(ports_of(request).answers, request, caller.tenant, work)


@ROUTER.get("/v1/changes/{change_id}", **needs("read"))
async def change_outcome(
    request: Request,
    change_id: IdInPath,
    item_type: Annotated[str, Query(pattern=b.ITEM_TYPE_PATTERN)],
    item_id: Annotated[b.Id, Query()],
    wait: Wait = 0,
) -> Response:
    """Say what a change led to: `applied` with its events, or `pending` (not decided yet, or refused)."""
    key = Key(caller_of(request).tenant, item_type, item_id)
    return answer(await wait_for(ports_of(request), key, change_id, wait) or outcome(change_id, ()))


async def _letter(request: Request, key: Key, body: Any) -> Letter:
    return await with_definitions(ports_of(request), lambda: _made(request, key, body))


def _made(request: Request, key: Key, body: Any, place: int | None = None) -> Letter:
    ports = ports_of(request)
    origin = Origin(key.tenant, ports.clock.now(), once_key(request, key.tenant, place))
    return letter_of(ports.shelf.book, origin, key, body)


async def _take_all(request: Request, given: Sequence[Any]) -> list[dict[str, Any]]:
    made = [_one_of_batch(request, place, raw) for place, raw in enumerate(given)]
    if any(isinstance(found, Problem) and may_be_new(found) for found in made):
        await catch_up(ports_of(request))
        made = [
            _one_of_batch(request, place, given[place]) if isinstance(found, Problem) else found
            for place, found in enumerate(made)
        ]
    letters = [found for found in made if isinstance(found, Letter)]
    fates = iter(await ports_of(request).outbox.send(letters)) if letters else iter(())
    return [
        _result(found, next(fates)) if isinstance(found, Letter) else _refusal(found) for found in made
    ]  # fmt: skip


def _one_of_batch(request: Request, place: int, raw: Any) -> Letter | Problem:
    try:
        body = checked_as(b.Addressed, raw)
        key = Key(caller_of(request).tenant, body.item_type, body.item_id)
        return _made(request, key, body.change, place)
    except Problem as problem:
        return problem


def _result(letter: Letter, fate: Fate) -> dict[str, Any]:
    if fate != "taken":
        return {"change_id": letter.frame.change_id, **_refusal(problem_of(fate))}
    return {"status": int(HTTPStatus.ACCEPTED), "change_id": letter.frame.change_id}


def _refusal(problem: Problem) -> dict[str, Any]:
    return {"status": problem.status, "problem": problem.document()}
