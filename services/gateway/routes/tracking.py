"""The open pixel and the click redirect of tracked e-mails (spec 2.3, 4.32): public, signed, and nothing to guess."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from services.edge.tracked_links import Seen, Tracked, leads_to_web
from services.gateway.messaging import fact_of
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import not_found

ROUTER = APIRouter(prefix="/t", tags=["tracked e-mails"])

Token = Annotated[str, Path(description="The signed part of a link in an e-mail.")]
_PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@ROUTER.get("/o/{token}", response_class=Response, **needs("public"))
async def open_pixel(request: Request, token: Token) -> Response:
    """Give a transparent picture, and tell the item that its mail was opened; repeats change nothing."""
    ports = ports_of(request)
    await _tell(ports, _tracked(ports, token, "opened"))
    return Response(_PIXEL, media_type="image/gif", headers=_HEADERS)


@ROUTER.get("/c/{token}", status_code=302, response_class=RedirectResponse, **needs("public"))
async def follow_link(request: Request, token: Token) -> Response:
    """Lead to where the mail's link does, and tell the item; a token that is not ours leads nowhere."""
    ports = ports_of(request)
    tracked = _tracked(ports, token, "clicked")
    if not leads_to_web(tracked.link):
        raise not_found("link")
    await _tell(ports, tracked)
    return RedirectResponse(tracked.link, 302, _HEADERS)


def _tracked(ports: Ports, token: str, kind: Seen) -> Tracked:
    tracked = ports.messaging.links.read(token, kind)
    if tracked is None:
        raise not_found("link")
    return tracked


async def _tell(ports: Ports, tracked: Tracked) -> None:
    """Pass a fact on; the client gets the answer all the same where Kafka is away."""
    told = ports.messaging.told
    if not told.admits(tracked):
        return
    (fate,) = await ports.outbox.send([fact_of(tracked, ports.clock.now())])
    if fate == "taken":
        told.add(tracked)
