"""The application: the door, the routes of the folder, and problem documents for whatever goes wrong."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter, Depends, FastAPI

from services.gateway import problems, routes
from services.gateway.access import Door, authorise
from services.gateway.metrics import GatewayMetrics, Measured
from services.gateway.ports import Ports
from services.gateway.tracing import Traced


def create_app(ports: Ports, metrics: GatewayMetrics | None = None) -> FastAPI:
    """Return the API on the given ports; nothing is started, so a test can make one for each case."""
    app = routes_only()
    app.state.ports = ports
    app.add_middleware(
        Door, keys=ports.keys, tenants=ports.tenants, strangers=ports.strangers, clock=ports.clock,
        largest_file=ports.files.limits.largest,
    )  # fmt: skip
    app.add_middleware(Traced)
    if metrics is not None:
        app.add_middleware(Measured, metrics=metrics)
    return app


def routes_only() -> FastAPI:
    """Return the API without anything behind it: enough to draw its document."""
    app = FastAPI(
        title="Stagewire",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(authorise)],
    )
    problems.install(app)
    for router in load_routers():
        app.include_router(router)
    return app


def load_routers() -> Iterator[APIRouter]:
    """Yield the router of each file of the folder; raises `TypeError` for a file without one."""
    for info in pkgutil.iter_modules(routes.__path__, f"{routes.__name__}."):
        router = getattr(importlib.import_module(info.name), "ROUTER", None)
        if not isinstance(router, APIRouter):
            raise TypeError(f"{info.name} exports no ROUTER")
        yield router
