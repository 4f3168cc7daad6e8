"""Ends TLS connections to brokers that do not answer: asyncio waits 30 s for the other side's farewell.

A broker that hangs would keep a client from ending, and a worker from giving its partitions back in time. Nothing is
lost by it: a client ends after the answers to all that matters, and TLS truncation tells a broker nothing new.
`install` puts this class in the place of aiokafka's own.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiokafka import conn

_FAREWELL_S = 2.0


class PromptConnection(conn.AIOKafkaConnection):  # type: ignore[misc]  # aiokafka's own has no types
    """A connection that is gone some moments after it was closed, whatever the broker does."""

    def close(self, reason: Any = None, exc: BaseException | None = None) -> asyncio.Future[None]:
        """Say farewell, and leave without an answer after a while; returns what is done then."""
        writer = self._writer
        closed: asyncio.Future[None] = super().close(reason, exc)
        if writer is not None and not closed.done():
            self._loop.call_later(_FAREWELL_S, writer.transport.abort)
        return closed


def install() -> None:
    """Let all clients of this process end promptly; a second call changes nothing."""
    conn.AIOKafkaConnection = PromptConnection
