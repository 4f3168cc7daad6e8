"""Records with rules of their own: chats with their messages, posts of the feed, and whatever has a type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from automation.envelope import Key, Recorded
from automation.records.decide import check
from automation.records.loading import record_types
from automation.records.model import RecordType
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.asking import ask, ask_known, place_of
from services.gateway.idempotency import once
from services.gateway.json_body import checked_as, read_json
from services.gateway.operations import needs
from services.gateway.ports import ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.record_bodies import CHANGES, OneRecordChange, change_of
from services.gateway.record_changes import letter_to, refusals
from services.gateway.show import answer
from services.gateway.taking import Wait, take
from services.history.queries import History
from services.history.records import Current, Sought
from services.history.values import from_json

ROUTER = APIRouter(prefix="/v1/records", tags=["records"])

TypeInPath = Annotated[str, Path(pattern="^[a-z_]{1,64}$")]
IdInPath = Annotated[b.Id, Path()]
Limit = Annotated[int, Query(ge=1, le=200)]
After = Annotated[int, Query(ge=0, lt=2**62, description="Version: what came after it.")]
Value = Annotated[str, Query(max_length=1_000)]
ONE = "/{record_type}/{record_id}"


@ROUTER.get("/{record_type}", **needs("read"))
async def records(
    request: Request,
    record_type: TypeInPath,
    member: Annotated[str, Query(max_length=200, description="Chats and feed of an employee.")] = "",
    item: Annotated[str, Query(max_length=500, description="`type/id` of the item that it is about.")] = "",
    tag: Value = "",
    text: Annotated[str, Query(max_length=200, description="Part of its text, in any case.")] = "",
    status: Value = "",
    owner: Value = "",
    before: Annotated[str, Query(max_length=600, description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> Response:
    """List records of a type that have all that is asked for, last changed first."""
    tenant = caller_of(request).tenant
    _known(record_type)
    named = {"member": member, "item": item, "tag": tag.casefold()}
    sought = Sought(tuple((name, value) for name, value in named.items() if value), text, status, owner)
    place = place_of(before, tenant)
    page = await ask(request, lambda h: h.records(tenant, record_type, sought, before=place, limit=limit))
    following = f"{page.before[0]}:{page.before[1]}" if page.before else None
    return answer({"records": [row_of(found) for found in page.items], "next": following})


@ROUTER.get(ONE, **needs("read"))
async def record_state(request: Request, record_type: TypeInPath, record_id: IdInPath) -> Response:
    """Return a record: its line in the list, and the state that its decisions read."""
    key, record = _key(request, record_type, record_id), _known(record_type)

    def look(history: History) -> dict[str, Any]:
        row = history.current(key)
        return {**(row_of(row) if row else {}), "state": history.record_body(key, record)}

    return answer(await ask_known(request, key, look, "record"))


@ROUTER.get(ONE + "/events", **needs("read"))
async def record_events(
    request: Request, record_type: TypeInPath, record_id: IdInPath, after: After = 0, limit: Limit = 100
) -> Response:
    """Return the record's log from after a version, oldest first."""
    key = _key(request, record_type, record_id)
    found = await ask_known(request, key, lambda history: history.events(key, after=after, limit=limit), "record")
    shown = [{"type": type(one.event).__name__, **one.envelope._asdict(), "event": one.event} for one in found]
    return answer({"events": shown, "next": found[-1].envelope.version if len(found) == limit else None})


@ROUTER.get(ONE + "/entries", **needs("read"))
async def record_entries(
    request: Request,
    record_type: TypeInPath,
    record_id: IdInPath,
    user: Annotated[str, Query(max_length=200, description="Only what this employee may read.")] = "",
    after: After = 0,
    limit: Limit = 50,
) -> Response:
    """Return what the record holds (the messages of a chat), oldest first; late members read from where they came."""
    key, record = _key(request, record_type, record_id), _known(record_type)
    kinds = {kind.__name__ for kind in record.entries}

    def look(history: History) -> dict[str, Any]:
        since = record.reads_from(history.record_body(key, record), user) if user else 0
        if since is None:
            raise Problem(403, "not_a_member", "the employee may not read this record")
        found, following = history.entries(key, kinds, after=max(after, since), limit=limit)
        return {"entries": [_entry(one) for one in found], "next": following}

    return answer(await ask_known(request, key, look, "record"))


@ROUTER.post(ONE + "/changes", status_code=202, **needs("write", "RecordChangeBody"))
async def change_record(request: Request, record_type: TypeInPath, record_id: IdInPath, wait: Wait = 0) -> Response:
    """Take what an employee or the platform does with a record: it is decided on within moments, in order."""
    caller, ports, record = caller_of(request), ports_of(request), _known(record_type)
    key = Key(caller.tenant, record_type, record_id)

    async def work() -> Response:
        framed: Any = checked_as(OneRecordChange, {"change": await read_json(request)})
        body = framed.change
        if CHANGES[body.kind].record_type != record_type:
            raise Problem(422, "invalid", f"a {record_type} takes no {body.kind}")
        change = change_of(body)
        with refusals():
            check(record, key, body.user, change)
        return await take(ports, letter_to(request, key, body, change), wait)

    return await once(ports.answers, request, caller.tenant, work)


def _known(record_type: str) -> RecordType:
    found = record_types().get(record_type)
    if found is None:
        raise not_found("record type")
    return found


def _key(request: Request, record_type: str, record_id: str) -> Key:
    _known(record_type)
    return Key(caller_of(request).tenant, record_type, record_id)


def row_of(row: Current) -> Mapping[str, Any]:
    """Return a record's line in lists."""
    return {
        "type": row.item_type, "id": row.item_id, "version": row.version, "created_at": row.created_at,
        "recorded_at": row.recorded_at, "title": row.title, "status": row.stage, "owner": row.responsible,
        **from_json(row.fields),
    }  # fmt: skip


def _entry(recorded: Recorded) -> Mapping[str, Any]:
    env, event = recorded
    return {
        "version": env.version, "type": type(event).__name__, "recorded_at": env.recorded_at, "actor": env.actor,
        **{name: getattr(event, name) for name in event.__slots__},
    }  # fmt: skip
