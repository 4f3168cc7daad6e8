"""Fairness at the door: a token bucket for each tenant (design section 3), in memory of a fixed size."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import NamedTuple

from automation.values import Moment
from services.gateway.problems import Problem

_MOST_BUCKETS = 10_000


class Rate(NamedTuple):
    """`per_second` in the long run, `burst` at once."""

    per_second: float
    burst: float


class Limiter:
    """Buckets by name; those that were not asked for longest are forgotten first, and start full again."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[float, Moment]] = OrderedDict()

    def take(self, name: str, now: Moment, count: float = 1) -> float:
        """Take tokens; return 0, or the seconds after which there will be enough (nothing is taken then)."""
        left, since = self._buckets.pop(name, (self._rate.burst, now))
        left = min(self._rate.burst, left + max(0, now - since) * self._rate.per_second / 1_000)
        wait = 0.0 if left >= count else (count - left) / self._rate.per_second
        self._buckets[name] = (left if wait else left - count, now)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        return wait

    def admit(self, name: str, now: Moment, count: float = 1) -> None:
        """Take tokens or raise `Problem` (429) with `Retry-After`."""
        wait = self.take(name, now, count)
        if wait:
            headers = {"Retry-After": str(max(1, math.ceil(wait)))}
            raise Problem(429, "too_many_requests", "the tenant's rate is used up for the moment", headers=headers)
