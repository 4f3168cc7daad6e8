"""Human tasks: what processes ask people, and what people say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from automation.envelope import Key
from automation.records.loading import record_types
from automation.records.types.human_task.body import OPEN, HumanTask
from automation.records.types.human_task.changes import DecideHumanTask, DelegateHumanTask
from automation.records.types.human_task.deciding import check_decision, check_delegation
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.asking import ask, ask_known, place_of
from services.gateway.fates import find_events
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.record_bodies import body_of, change_as
from services.gateway.record_changes import letter_to, refusals
from services.gateway.routes.records import Limit, row_of
from services.gateway.show import answer
from services.gateway.taking import Wait, take
from services.history.queries import History
from services.history.records import Sought

ROUTER = APIRouter(prefix="/v1/human-tasks", tags=["human tasks"])

TYPE = "human_task"
TaskInPath = Annotated[b.Id, Path()]
DecisionBody = body_of(DecideHumanTask, "DecisionBody")
DelegationBody = body_of(DelegateHumanTask, "DelegationBody")


@ROUTER.get("", **needs("read"))
async def human_tasks(
    request: Request,
    user: Annotated[str, Query(max_length=200, description="Open ones that wait for this employee; else all.")] = "",
    item: Annotated[str, Query(max_length=500, description="`type/id` of the item that they are about.")] = "",
    status: Annotated[str, Query(max_length=40, description="`open`, how they ended, or `all`.")] = OPEN,
    before: Annotated[str, Query(max_length=600, description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> Response:
    """List what people are asked, last changed first."""
    tenant = caller_of(request).tenant
    named = (("assignee" if status == OPEN else "member", user), ("item", item))
    sought = Sought(tuple(one for one in named if one[1]), status="" if status == "all" else status)
    place = place_of(before, tenant)
    page = await ask(request, lambda h: h.records(tenant, TYPE, sought, before=place, limit=limit))
    following = f"{page.before[0]}:{page.before[1]}" if page.before else None
    return answer({"tasks": [row_of(found) for found in page.items], "next": following})


@ROUTER.get("/{task_id}", **needs("read"))
async def human_task(request: Request, task_id: TaskInPath) -> Response:
    """Return what is asked, with its form, who has said what, and who has not."""
    key = _key(request, task_id)

    def look(history: History) -> dict[str, Any]:
        row, task = history.current(key), _task(history, key)
        return {**(row_of(row) if row else {}), "waiting": task.waiting, "state": task}

    return answer(await ask_known(request, key, look, "human task"))


@ROUTER.post("/{task_id}/decision", status_code=202, **needs("write", "DecisionBody"))
async def decide(request: Request, task_id: TaskInPath, wait: Wait = 0) -> Response:
    """Approve or reject, acknowledge having read, or answer, in the name of `user`, who has to be asked."""

    def allow(task: HumanTask, user: str, change: Any) -> None:
        check_decision(task, user, change)

    return await _take(request, task_id, (DecideHumanTask, DecisionBody), allow, wait)


@ROUTER.post("/{task_id}/delegation", status_code=202, **needs("write", "DelegationBody"))
async def delegate(request: Request, task_id: TaskInPath, wait: Wait = 0) -> Response:
    """Let another employee decide instead of `user`."""

    def allow(task: HumanTask, user: str, change: Any) -> None:
        view = ports_of(request).shelf.book.tenant(caller_of(request).tenant)
        if view is not None:
            check_delegation(task, user, change, view.directory)

    return await _take(request, task_id, (DelegateHumanTask, DelegationBody), allow, wait)


async def _take(
    request: Request,
    task_id: str,
    kind: tuple[type, type[b.ChangeBase]],
    allow: Callable[[HumanTask, str, Any], None],
    wait: float,
) -> Response:
    """Take a change, unless the task as the history knows it would refuse it: its sender learns why at once."""
    key = _key(request, task_id)

    async def work() -> Response:
        body = checked_as(kind[1], await read_json(request))
        change = change_as(kind[0], body)
        letter = letter_to(request, key, body, change)
        change_id = letter.frame.change_id
        task, taken = await ask_known(request, key, lambda h: (_task(h, key), find_events(h, key, change_id)), "task")
        if not taken:  # a repeat of what was taken is no second decision
            with refusals():
                allow(task, body.user, change)
        return await take(ports_of(request), letter, wait)

    return await once(ports_of(request).answers, request, key.tenant, work)


def _key(request: Request, task_id: str) -> Key:
    return Key(caller_of(request).tenant, TYPE, task_id)


def _task(history: History, key: Key) -> HumanTask:
    found: HumanTask = history.record_body(key, record_types()[TYPE])
    return found
