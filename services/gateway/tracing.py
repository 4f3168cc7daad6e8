"""The trace that a request came with goes along with the changes that it sends (W3C Trace Context)."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

from services.edge.tracing import HEADER, valid

_NAME = HEADER.encode()
TRACE: ContextVar[bytes | None] = ContextVar("trace", default=None)
"""The valid `traceparent` of the request that is being answered."""


class Traced:
    """Remembers the trace of each request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Remember it for as long as the request is answered."""
        found = [value for name, value in scope.get("headers", ()) if name == _NAME]
        token = TRACE.set(valid(found[0]) if len(found) == 1 else None)
        try:
            await self._app(scope, receive, send)
        finally:
            TRACE.reset(token)
