"""Quiet hours of a channel: a pure decision on a moment and a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from automation.definitions.models import ChannelLimits
from automation.values import Moment


def quiet_until(limits: ChannelLimits, zone: tzinfo, now: Moment) -> Moment:
    """Return when the quiet hours that `now` lies in are over, 0 outside of them; they may pass midnight."""
    if not limits.quiet_from:
        return 0
    local = datetime.fromtimestamp(now / 1_000, UTC).astimezone(zone)
    begin, end = time.fromisoformat(limits.quiet_from), time.fromisoformat(limits.quiet_until)
    at = local.time()
    inside = begin <= at < end if begin < end else at >= begin or at < end
    if not inside:
        return 0
    day = local.date() + timedelta(days=int(at >= end))
    return int(datetime.combine(day, end, zone).timestamp() * 1_000)


def day_of(zone: tzinfo, now: Moment) -> str:
    """Return the date in a time zone: the day that a daily cap counts."""
    return datetime.fromtimestamp(now / 1_000, UTC).astimezone(zone).date().isoformat()
