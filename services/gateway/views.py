"""The views of `live_views`, asked over HTTP; the tenant in the path comes from the API key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from services.gateway.problems import Problem, unavailable

NAMES = ("stages", "minutes", "payments", "deliveries")
_SECONDS = 3.0


class HttpViews:
    """The real views, through a started client session."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str) -> None:
        self._session = session
        self._base = URL(base)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    async def read(self, tenant: str, name: str, query: Mapping[str, str]) -> Any:
        """See `Views`; raises `Problem` (503) while the views are rebuilt or away."""
        url = self._base / "views" / tenant / name % dict(query)
        try:
            async with asyncio.timeout(_SECONDS), self._session.get(url, headers=self._headers) as reply:
                if reply.status == 400:
                    raise Problem(422, "invalid", "the view does not take this query")
                if reply.status != 200:
                    raise unavailable("the live views are being rebuilt")
                return await reply.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise unavailable("the live views do not answer") from error
