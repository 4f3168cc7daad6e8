"""Pays payment links through the provider's signed webhooks, as the provider itself would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

import aiohttp

from automation.payments.changes import ProviderNotice
from services.edge.clock import SystemClock
from services.payment_tracker.provider import Provider

_AT_ONCE = 16
_TRIES = 60
_BUSY = (429, 502, 503)
_LONGEST_PAUSE = 5.0


class WebhookRefusedError(Exception):
    """The gateway did not believe a notice: secret or address are wrong."""


class PayingClient:
    """Sends notices to the gateway; one that says it is busy is asked again later."""

    def __init__(self, session: aiohttp.ClientSession, url: str, provider: Provider, secret: str) -> None:
        self._session = session
        self._url = url
        self._provider = provider
        self._secret = secret
        self._free = asyncio.Semaphore(_AT_ONCE)
        self.answers: Counter[int] = Counter()
        """Answers by HTTP status."""

    async def deliver(self, notices: Sequence[ProviderNotice]) -> None:
        """Deliver one payment's notices, each after the one before was taken."""
        for notice in notices:
            async with self._free:
                await self._deliver(notice)

    async def _deliver(self, notice: ProviderNotice) -> None:
        body = self._provider.compose(notice)
        for _ in range(_TRIES):
            headers = {"Content-Type": "application/json",
                       **self._provider.sign(notice.notice_id, body, self._secret, SystemClock().now())}  # fmt: skip
            pause = await self._try(body, headers)
            if pause is None:
                return
            await asyncio.sleep(min(pause, _LONGEST_PAUSE))
        raise WebhookRefusedError(f"{self._url}: does not take notices")

    async def _try(self, body: bytes, headers: Mapping[str, str]) -> float | None:
        """Send once; return how many seconds to wait before the next try, `None` if it was taken."""
        try:
            async with self._session.post(self._url, data=body, headers=headers) as reply:
                self.answers[reply.status] += 1
                if reply.ok:
                    return None
                if reply.status not in _BUSY:
                    raise WebhookRefusedError(f"{self._url}: {reply.status} {(await reply.text())[:300]}")
                return float(reply.headers.get("Retry-After", "1"))
        except aiohttp.ClientConnectionError:
            return 1.0  # the gateway is being restarted
