"""Connections that messages leave through: what there is, and "send a test" (spec 1.15)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from automation.definitions.models import Connection
from automation.definitions.tenant_view import TenantView
from services.gateway import bodies as b
from services.gateway.access import caller_of
from services.gateway.json_body import checked_as, read_json
from services.gateway.messaging import test_message
from services.gateway.operations import needs
from services.gateway.ports import Ports, ports_of
from services.gateway.problems import Problem, not_found
from services.gateway.show import answer

ROUTER = APIRouter(prefix="/v1/connections", tags=["messages"])

_LIMITED = {"email": ("client_email", "employee_email")}


@ROUTER.get("", **needs("read"))
async def connections(request: Request) -> Response:
    """List connections with their providers and limits, and whether the secret that each names is there."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    await ports.shelf.catch_up()
    view = ports.shelf.book.tenant(tenant)
    found = sorted(view.all_connections(), key=lambda one: one.id) if view else []
    return answer({"connections": [_shown(ports, view, one) for one in found] if view else []})


@ROUTER.post("/{connection_id}/test", status_code=202, **needs("write", b.TestBody))
async def send_test(request: Request, connection_id: Annotated[str, Path(max_length=200)]) -> Response:
    """Queue a test message; quiet hours and caps do not hold it. What becomes of it is in `/v1/messages/sent`."""
    tenant, ports = caller_of(request).tenant, ports_of(request)
    asked = checked_as(b.TestBody, await read_json(request))
    await ports.shelf.catch_up()
    view = ports.shelf.book.tenant(tenant)
    found = view.current.get(("connection", connection_id)) if view else None
    if not isinstance(found, Connection):
        raise not_found("connection")
    if not found.active:
        raise Problem(409, "inactive", "the connection is not active")
    now = ports.clock.now()
    effect = test_message(ports.messaging, tenant, found, asked.to, asked.text, now)
    await asyncio.to_thread(lambda: ports.messaging.sent().enqueue(effect, now))
    return answer({"message_id": effect.effect_id}, 202)


def _shown(ports: Ports, view: TenantView, one: Connection) -> dict[str, Any]:
    names = _LIMITED.get(one.channel, (one.channel,))
    limits = {name: found.model_dump() for name in names if (found := view.limits(name))}
    place = {name: getattr(one, name) for name in ("id", "name", "channel", "provider", "sender", "active")}
    ready = not one.secret or bool(ports.messaging.secrets.of(view.tenant, one.secret))
    return {**place, "secret": one.secret, "secret_found": ready, "limits": limits}
