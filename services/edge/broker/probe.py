"""Ask a broker whether it serves: versions, metadata, and both coordinators."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

_PAUSE_SECONDS = 0.05
_GROUPS, _TRANSACTIONS = 0, 1


def wait_until_ready(bootstrap: str, seconds: float, alive: Callable[[], bool]) -> bool:
    """Return True once the broker answers everything; False when `seconds` passed or it is no longer `alive`.

    The question runs in a thread of its own, so callers with a running event loop may ask too.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, _poll(bootstrap, seconds, alive)).result()


async def _poll(bootstrap: str, seconds: float, alive: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while alive() and time.monotonic() < end:
        if await _listens(bootstrap) and await _answers(bootstrap):
            return True
        await asyncio.sleep(_PAUSE_SECONDS)
    return False


async def _listens(bootstrap: str) -> bool:
    """Tell whether the port is open: the client would log an error for every try before that."""
    host, port = bootstrap.rsplit(":", 1)
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _answers(bootstrap: str) -> bool:
    """Tell whether groups and transactions can start; asking makes the broker create their topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=3000)
    try:
        await admin.start()
        await admin.describe_cluster()
        await admin.find_coordinator("stagewire-ready", _GROUPS)
        await admin.find_coordinator("stagewire-ready", _TRANSACTIONS)
    except KafkaError:
        return False
    finally:
        await admin.close()
    return True
