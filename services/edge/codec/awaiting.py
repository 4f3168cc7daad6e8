"""Decode on an event loop although a schema has to be asked for first: the loop goes on while the registry answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from services.edge import names
from services.edge.codec.errors import SchemaAwaitedError
from services.edge.codec.ids import Registry
from services.edge.codec.registry import repository
from services.edge.codec.streams import StreamClasses
from services.edge.log import logger

T = TypeVar("T")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


async def prepare(*streams: StreamClasses, registry: Registry | None = None) -> None:
    """Get the schemas of all that a service writes before it starts, off the loop; raises what the registry raises."""
    chosen = registry or repository()
    for stream in streams:
        for body in stream.bodies:
            await asyncio.to_thread(chosen.current, f"{stream.space}.{body.__name__}")


async def patiently(work: Callable[[], T]) -> T:
    """Do work that decodes and changes nothing else; again after the answer where a schema has to be asked for."""
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return work()
        except SchemaAwaitedError as awaited:
            if not await answered(awaited):
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)


async def answered(awaited: SchemaAwaitedError) -> bool:
    """Ask the registry once, off the loop; False, and a line in the log, where it gave no answer."""
    error = await asyncio.to_thread(awaited.ask)
    if error is not None:
        logger().warning(names.LOG_SCHEMA_AWAITED, schema_id=awaited.schema_id, detail=str(error))
    return error is None
