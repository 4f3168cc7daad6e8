"""Makes the calls of one channel: claims due rows, commits the claim, calls, and writes how it ended."""

from __future__ import annotations

import asyncio
import itertools
import traceback
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from services.edge import names
from services.edge.codec import SchemaAwaitedError, answered
from services.edge.log import logger
from services.edge.stream import UnreadableError
from services.notifier.channel import Channel, Delivery, Rejected, Result, Retry, Unknown
from services.notifier.gate import Gate
from services.notifier.means import Means
from services.notifier.policy import Mark, settle
from services.notifier.ports import NewerReleaseError
from services.notifier.rows import Claim

Call: TypeAlias = "asyncio.Task[tuple[Claim, Result]]"


class Limits(NamedTuple):
    """How many calls are made at once, and how long they and their leases last."""

    concurrency: int
    send_ms: int
    lease_ms: int


class Dispatcher:
    """The senders of one channel in this process. `owner` is unique among all processes, restarts included."""

    def __init__(
        self, name: str, channel: Channel, means: Means, owner: str, limits: Limits, gate: Gate | None = None
    ) -> None:
        self.name = name
        self._gate = gate
        self._channel = channel
        self._ledger, self._codec, _, self._clock, self._metrics = means
        self._owners = (f"{owner}.{number}" for number in itertools.count())
        self._limits = limits
        self._calls: set[Call] = set()

    @property
    def calls(self) -> set[Call]:
        """Calls in flight, or ended and not yet written."""
        return self._calls

    async def turn(self) -> int:
        """Write what has ended, give up leases that ran out, start calls for due rows; return how many were started."""
        await self._write_ended()
        await self._give_up_expired()
        return await self._start()

    async def drain(self) -> None:
        """Work until nothing is due and nothing is in flight."""
        while await self.turn() or self._calls:
            if self._calls:
                await asyncio.wait(self._calls, return_when=asyncio.FIRST_COMPLETED)

    async def finish(self, seconds: float) -> None:
        """Start nothing more, wait for calls in flight, write how they ended; the rest is left to its leases."""
        if self._calls:
            await asyncio.wait(self._calls, timeout=seconds)
        await self._write_ended()
        for call in self._calls:
            call.cancel()

    async def _start(self) -> int:
        free = self._limits.concurrency - len(self._calls)
        if free <= 0:
            return 0
        now = self._clock.now()
        claims = await asyncio.to_thread(
            self._ledger.claim, self.name, next(self._owners), now, now + self._limits.lease_ms, free
        )
        self._calls.update(asyncio.create_task(self._call(claim)) for claim in claims)
        return len(claims)

    async def _write_ended(self) -> None:
        ended = {call for call in self._calls if call.done()}
        if ended:
            await self._settle(call.result() for call in ended)
            self._calls -= ended

    async def _give_up_expired(self) -> None:
        expired = await asyncio.to_thread(self._ledger.expired, self.name, self._clock.now())
        if expired:
            await self._settle((claim, Unknown("lease ran out")) for claim in expired)

    async def _settle(self, ended: Iterable[tuple[Claim, Result]]) -> None:
        now = self._clock.now()
        marks = [(claim, self._mark(claim, result, now)) for claim, result in ended]
        written = await asyncio.to_thread(self._ledger.settle, marks, now)
        self._tell(marks, late=len(marks) - written)

    def _tell(self, marks: Sequence[tuple[Claim, Mark]], late: int) -> None:
        self._metrics.ended(self.name, (mark.state for _, mark in marks), late)
        for claim, mark in marks:
            shown = {"state": mark.state, "reason": mark.reason, "detail": mark.detail}
            logger().info(names.LOG_EFFECT_ATTEMPTED, **_shown(claim), **shown)
        if late:
            logger().warning(names.LOG_LATE_ANSWER, channel=self.name, count=late)

    def _mark(self, claim: Claim, result: Result, now: int) -> Mark:
        return settle(result, tries=claim.tries, recognises_key=self._channel.recognises_key, now=now)

    async def _call(self, claim: Claim) -> tuple[Claim, Result]:
        if self._clock.now() + self._limits.send_ms > claim.lease_until:
            return claim, Retry("claimed too long ago")  # its lease could end during the call
        try:
            event = self._codec.read_effect(claim.payload, ()).event
        except UnreadableError as error:
            return claim, Rejected("internal_error", error.reason)
        except SchemaAwaitedError as awaited:
            await answered(awaited)  # not longer: the lease runs
            return claim, Retry("its schema had to be asked for")
        except NewerReleaseError:
            return claim, Retry("of a newer release")
        delivery = Delivery(claim.tenant, claim.effect_id, claim.item_key, event, claim.tries, claim.created_at)
        return claim, await self._send(delivery)

    async def _send(self, delivery: Delivery) -> Result:
        try:
            async with asyncio.timeout(self._limits.send_ms / 1000):
                held = await self._gate.check(self.name, delivery) if self._gate else None
                if held is not None:
                    return held
                with self._metrics.send_seconds.labels(self.name).time():
                    return await self._channel.send(delivery)
        except TimeoutError:
            return Unknown("no answer in time")
        except Exception as error:  # noqa: BLE001 - the service's one: a channel's bug must not stop the others
            self._tell_defect(delivery, error)
            return Unknown(f"defect {type(error).__name__}")

    def _tell_defect(self, delivery: Delivery, error: Exception) -> None:
        """Log where it happened, without the error's text: that may hold personal data."""
        place = {"channel": self.name, "tenant": delivery.tenant, "effect": delivery.effect_id}
        where = "".join(traceback.format_tb(error.__traceback__))
        logger().error(names.LOG_CHANNEL_DEFECT, **place, error=type(error).__name__, where=where)


def _shown(claim: Claim) -> dict[str, object]:
    return {"channel": claim.channel, "tenant": claim.tenant, "effect": claim.effect_id, "attempt": claim.tries}
