"""Quiet hours and days of a channel, in the tenant's time zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from automation.definitions.models import ChannelLimits
from services.notifier.quiet import day_of, quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = ChannelLimits(quiet_from="22:00", quiet_until="08:00")


def at(text: str) -> int:
    """Return the moment of a local time in Berlin."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp() * 1_000)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-06-01T21:59:59", ""),
        ("2026-06-01T22:00", "2026-06-02T08:00"),
        ("2026-06-01T23:30", "2026-06-02T08:00"),
        ("2026-06-02T00:00", "2026-06-02T08:00"),
        ("2026-06-02T07:59:59", "2026-06-02T08:00"),
        ("2026-06-02T08:00", ""),
        ("2026-03-28T23:00", "2026-03-29T08:00"),
        ("2026-10-24T23:00", "2026-10-25T08:00"),
        ("2026-12-31T23:00", "2027-01-01T08:00"),
    ],
)
def test_a_night_ends_in_the_morning(now: str, until: str) -> None:
    """Past midnight, past the change of the clocks, past the year."""
    assert quiet_until(NIGHT, BERLIN, at(now)) == (at(until) if until else 0)


@pytest.mark.parametrize(("now", "until"), [("12:59", ""), ("13:00", "14:30"), ("14:29", "14:30"), ("14:30", "")])
def test_a_noon_ends_on_its_day(now: str, until: str) -> None:
    """Quiet hours within one day."""
    noon = ChannelLimits(quiet_from="13:00", quiet_until="14:30")
    expected = at(f"2026-06-01T{until}") if until else 0
    assert quiet_until(noon, BERLIN, at(f"2026-06-01T{now}")) == expected


def test_without_quiet_hours_there_are_none() -> None:
    """The default."""
    assert quiet_until(ChannelLimits(daily_cap=3), BERLIN, at("2026-06-01T03:00")) == 0


def test_a_day_is_the_tenants() -> None:
    """Midnight in its time zone, not in UTC."""
    assert day_of(BERLIN, at("2026-06-02T00:30")) == "2026-06-02"
    assert day_of(ZoneInfo("UTC"), at("2026-06-02T00:30")) == "2026-06-01"


@pytest.mark.parametrize(
    "broken",
    [{"quiet_from": "22:00"}, {"quiet_until": "08:00"}, {"quiet_from": "08:00", "quiet_until": "08:00"},
     {"quiet_from": "24:00", "quiet_until": "08:00"}, {"quiet_from": "8:00", "quiet_until": "09:00"},
     {"daily_cap": -1}],
)  # fmt: skip
def test_limits_that_mean_nothing_are_refused(broken: dict[str, object]) -> None:
    """Half a pair, no length, no time of day, less than nothing."""
    with pytest.raises(ValueError):
        ChannelLimits.model_validate(broken)
