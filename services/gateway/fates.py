"""What became of a change: looked up in the item's events, which all carry the id of the change that led to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from automation.envelope import Key, Recorded
from services.gateway.ports import Ports
from services.history.queries import PAGE, History

_FIRST_LOOK = 0.02
_LONGEST_PAUSE = 0.25
_PAGES = 4
"""How far back an outcome is looked for: the item's last 2,000 events."""


def find_events(history: History, key: Key, change_id: str) -> list[Recorded]:
    """Return the events that a change led to, oldest first; blocks."""
    row = history.current(key)
    if row is None:
        return []
    after = max(0, row.version - PAGE)
    for _ in range(_PAGES):
        found = [one for one in history.events(key, after=after, limit=PAGE) if one.envelope.change_id == change_id]
        if found or not after:
            return found
        after = max(0, after - PAGE)
    return []


def outcome(change_id: str, events: Sequence[Recorded]) -> dict[str, Any]:
    """Return the outcome as it is shown."""
    if not events:
        return {"change_id": change_id, "status": "pending"}
    return {
        "change_id": change_id,
        "status": "applied",
        "version": events[-1].envelope.version,
        "events": [{"version": found.envelope.version, "type": type(found.event).__name__} for found in events],
    }


async def wait_for(ports: Ports, key: Key, change_id: str, seconds: float) -> dict[str, Any] | None:
    """Return the outcome as soon as history has it, `None` if it has none in time."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + seconds, _FIRST_LOOK
    while True:
        events = await asyncio.to_thread(lambda: find_events(ports.history(), key, change_id))
        if events:
            return outcome(change_id, events)
        if loop.time() + pause > deadline:
            return None
        await asyncio.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
