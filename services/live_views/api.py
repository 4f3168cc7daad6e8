"""The views over HTTP, for the gateway: every path names the tenant, which the gateway takes from the API key."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

import orjson
from aiohttp import web

from services.live_views.board import Board, DeliveryRow, MinuteRow, PaymentRow, StageRow

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Row: TypeAlias = StageRow | MinuteRow | PaymentRow | DeliveryRow
LONGEST_MINUTES = 24 * 60


class Progress(NamedTuple):
    """How far the board is."""

    complete: Callable[[], bool]
    detail: Callable[[], dict[str, int]]


def make_api(board: Board, progress: Progress, token: str) -> web.Application:
    """Return the application: `/views/<tenant>/stages|minutes|payments|deliveries`, and `/status`.

    Until everything that was in the log at the start is counted, the views answer 503 instead of a part.
    """

    def views(request: web.Request) -> Iterable[Row]:
        tenant, name = request.match_info["tenant"], request.match_info["view"]
        if name == "stages":
            return board.stages(tenant, request.query.get("item_type", "deal"))
        if name == "minutes":
            return board.minutes(tenant, _minutes(request.query.get("last", "60")))
        return board.payments(tenant) if name == "payments" else board.deliveries(tenant)

    async def view(request: web.Request) -> web.Response:
        if not progress.complete():
            return _json({"error": "rebuilding", **progress.detail()}, 503)
        return _json({"rows": [row._asdict() for row in views(request)]})

    async def status(_: web.Request) -> web.Response:
        return _json({"complete": progress.complete(), **progress.detail()})

    app = web.Application(middlewares=[_guarded(token)])
    app.router.add_get("/views/{tenant}/{view:stages|minutes|payments|deliveries}", view)
    app.router.add_get("/status", status)
    return app


def _guarded(token: str) -> Any:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if token and not hmac.compare_digest(given, expected):
            raise web.HTTPUnauthorized
        return await handler(request)

    return check


def _minutes(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LONGEST_MINUTES:
        raise web.HTTPBadRequest(text=f"last is a number of minutes, at most {LONGEST_MINUTES}")
    return int(text)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
