"""What lacks a definition may just have been defined elsewhere: definitions are read before it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from aiokafka.errors import KafkaError

from services.gateway.ports import Ports
from services.gateway.problems import Problem, unavailable

T = TypeVar("T")
_DEFINED = frozenset({"unknown_tenant", "unknown_field", "unknown_pipeline", "unknown_stage", "unknown_template"})
"""Reasons that definitions saved elsewhere a moment ago would take away."""
_CATCH_UP_SECONDS = 5.0


async def with_definitions(ports: Ports, make: Callable[[], T]) -> T:
    """Return what `make` returns; before it is refused for what may just have been defined, definitions are read."""
    try:
        return make()
    except Problem as problem:
        if not may_be_new(problem):
            raise
    await catch_up(ports)
    return make()


def may_be_new(problem: Problem) -> bool:
    """Say whether what was lacking may have been defined a moment ago."""
    return not _DEFINED.isdisjoint({problem.code, *(fault.rule for fault in problem.errors)})


async def catch_up(ports: Ports) -> None:
    """Read definitions to their end; raises `Problem` (503)."""
    try:
        async with asyncio.timeout(_CATCH_UP_SECONDS):
            await ports.shelf.catch_up()
    except (KafkaError, TimeoutError) as error:
        raise unavailable("definitions cannot be read at this moment") from error
