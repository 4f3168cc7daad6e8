"""What stands between a claimed message and its channel: the tenant's quiet hours, then its daily cap."""

from __future__ import annotations

import asyncio

from eventsourcing.persistence import PersistenceError

from automation.envelope import Key
from services.edge.clock import Clock
from services.notifier.channel import Delivery, Rejected, Retry, Wait
from services.notifier.connections import Connections
from services.notifier.quiet import day_of, quiet_until
from services.notifier.quota import Quota

CONNECTION = "connection"
"""Type in the key of what no item asked for: "send a test" is made by people, who know what time it is."""


class Gate:
    """Lets messages through; a tenant without limits costs nothing."""

    def __init__(self, connections: Connections, quota: Quota, clock: Clock) -> None:
        self._connections = connections
        self._quota = quota
        self._clock = clock

    async def check(self, channel: str, delivery: Delivery) -> Wait | Rejected | Retry | None:
        """Return why the message is not sent now: it waits for quiet hours to end, over the cap it fails."""
        view = self._connections.view(delivery.tenant)
        limits = view.limits(channel) if view else None
        if view is None or limits is None or Key.parse(delivery.item_key).item_type == CONNECTION:
            return None
        now = self._clock.now()
        until = quiet_until(limits, view.zone, now)
        if until:
            return Wait(until, "quiet hours")
        if not limits.daily_cap:
            return None
        day = day_of(view.zone, now)
        place = (delivery.tenant, channel, delivery.effect_id)
        try:
            admitted = await asyncio.to_thread(self._quota.admit, *place, day, limits.daily_cap)
        except PersistenceError:
            return Retry("not counted")  # nothing was sent, so it may be tried again
        return None if admitted else Rejected("daily_cap_reached", f"cap of {limits.daily_cap}")
