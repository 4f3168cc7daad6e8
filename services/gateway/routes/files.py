"""The drive: files in, files out, and download links for people (spec 1.15)."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response, StreamingResponse

from services.edge.files import FileRefusedError, Linked, NewFile, StoredFile, file_id
from services.gateway.access import UPLOADS, caller_of
from services.gateway.idempotency import Kept, again, key_of
from services.gateway.keys import Caller
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Fault, Problem, not_found
from services.gateway.show import answer, to_bytes

ROUTER = APIRouter(tags=["files"])

FileInPath = Annotated[str, Path(max_length=100)]
_STATUS = {"too_large": 413, "type_not_allowed": 415}
_DOWNLOAD_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
"""A browser keeps a file and never shows it as a page of ours."""


@ROUTER.post(UPLOADS, status_code=201, **needs("write", bytes))
async def upload(
    request: Request,
    name: Annotated[str, Query(min_length=1, max_length=255, description="With its ending: `terms.pdf`.")],
) -> Response:
    """Put a file on the drive; the body is its bytes, Content-Type its type. A field of type `file` holds its id."""
    caller, ports = caller_of(request), ports_of(request)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    key = key_of(request)
    if not key:
        made = file_id(ports.clock.now(), caller.tenant, secrets.token_hex(16))
        return answer(await _store(ports, caller, NewFile(made, name, media, 0, ""), request), 201)
    return await _once(ports, caller, NewFile("", name, media, 0, key), request)


async def _once(ports: Ports, caller: Caller, new: NewFile, request: Request) -> Response:
    """Store a file once for its Idempotency-Key; an upload that breaks off leaves no file, and its key free."""
    digest = hashlib.sha256(f"{UPLOADS}\n{new.name}\n{new.content_type}".encode()).hexdigest()
    place = (caller.tenant, new.made_by)
    kept = await asyncio.to_thread(ports.answers.claim, *place, digest)
    if kept is not None:
        return again(kept, digest)
    made = file_id(ports.clock.now(), caller.tenant, new.made_by)
    try:
        stored = await _store(ports, caller, new._replace(id=made), request)
    except BaseException:
        await asyncio.to_thread(ports.answers.free, *place, digest)
        raise
    body = to_bytes(stored)
    await asyncio.to_thread(ports.answers.keep, *place, Kept(digest, 201, body, "application/json"))
    return Response(body, 201, media_type="application/json")


async def _store(ports: Ports, caller: Caller, new: NewFile, request: Request) -> StoredFile:
    new = new._replace(made_at=ports.clock.now(), made_by=f"key:{caller.name}")
    try:
        return await ports.files.put(caller.tenant, new, request.stream())
    except FileRefusedError as refused:
        fault = Fault("file", refused.rule, str(refused))
        raise Problem(_STATUS.get(refused.rule, 422), refused.rule, str(refused), errors=[fault]) from None


@ROUTER.get("/v1/files", **needs("read"))
async def drive(
    request: Request,
    after: Annotated[str, Query(max_length=100, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the drive, the newest file first: uploads and documents that automation made."""
    found = await ports_of(request).files.list(caller_of(request).tenant, after, limit)
    return answer({"files": found, "next": found[-1].id if len(found) == limit else None})


@ROUTER.get("/v1/files/{file_id}", **needs("read"))
async def description(request: Request, file_id: FileInPath) -> Response:
    """Describe a file, with a download link for people that works without a key until it expires."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    found = await _known(ports, tenant, file_id)
    until = ports.clock.now() + ports.file_link_ms
    link = f"{str(request.base_url).rstrip('/')}/files/{ports.file_links.token(Linked(tenant, found.id, until))}"
    return answer({**found._asdict(), "link": link, "link_until": until})


@ROUTER.get("/v1/files/{file_id}/content", response_class=StreamingResponse, **needs("read"))
async def content(request: Request, file_id: FileInPath) -> Response:
    """Return a file's bytes."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    return _download(ports, tenant, await _known(ports, tenant, file_id))


@ROUTER.get("/files/{token}", response_class=StreamingResponse, **needs("public"))
async def by_link(
    request: Request, token: Annotated[str, Path(max_length=2_000, description="The last part of a download link.")]
) -> Response:
    """Return the file that a signed link is for; a link that is forged or has expired is an unknown one."""
    ports = ports_of(request)
    linked = ports.file_links.read(token, ports.clock.now())
    if linked is None:
        raise not_found("file")
    return _download(ports, linked.tenant, await _known(ports, linked.tenant, linked.file_id))


async def _known(ports: Ports, tenant: str, file_id: str) -> StoredFile:
    found = await ports.files.find(tenant, file_id)
    if found is None:
        raise not_found("file")
    return found


def _download(ports: Ports, tenant: str, file: StoredFile) -> Response:
    headers = {
        **_DOWNLOAD_HEADERS,
        "Content-Disposition": _disposition(file.name),
        "Content-Length": str(file.size),
    }
    body: AsyncIterator[Any] = ports.files.read(tenant, file.id)
    return StreamingResponse(body, headers=headers, media_type=file.content_type)


def _disposition(name: str) -> str:
    """Return the header that makes a browser keep the file under its name (RFC 6266), whatever signs it has."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
