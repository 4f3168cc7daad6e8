"""Working time: what is in it, and moments counted in it, across weekends, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.values import Moment
from automation.working_time import Hours, Period, WorkingTime, after, before, is_working, next_working

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
NINE_TO_FIVE = (Hours(9 * 60, 13 * 60), Hours(14 * 60, 18 * 60))
WEEK = (NINE_TO_FIVE,) * 5 + ((), ())
OFFICE = WorkingTime(BERLIN, WEEK, {date(2026, 12, 25): (), date(2026, 12, 19): (Hours(600, 720),)})
NIGHTS = WorkingTime(BERLIN, ((Hours(0, 6 * 60), Hours(22 * 60, 1440)),) * 7)


def at(text: str, zone: ZoneInfo = BERLIN) -> Moment:
    """Return the moment of a clock time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def clock(moment: Moment | None) -> str:
    """Return the clock time of a moment in Berlin."""
    assert moment is not None
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(BERLIN).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-12-14 10:00", 2, "2026-12-14 12:00"),
        ("2026-12-14 12:00", 2, "2026-12-14 15:00"),  # over lunch
        ("2026-12-14 16:00", 2, "2026-12-15 09:00"),  # what ends with the day is the next day's start
        ("2026-12-14 20:00", 0, "2026-12-15 09:00"),
        ("2026-12-18 17:00", 2, "2026-12-19 11:00"),  # a Saturday that is worked
        ("2026-12-24 17:00", 2, "2026-12-28 10:00"),  # a holiday on Friday
        ("2026-12-14 10:00", 40, "2026-12-19 11:00"),
    ],
)
def test_time_is_counted_in_working_hours(start: str, hours: int, expected: str) -> None:
    """Nights, lunches, weekends and holidays do not count; a day may have hours of its own."""
    assert clock(after(OFFICE, at(start), hours * HOUR)) == expected


@pytest.mark.parametrize(
    ("end", "hours", "expected"),
    [
        ("2026-12-14 12:00", 2, "2026-12-14 10:00"),
        ("2026-12-14 09:00", 2, "2026-12-11 16:00"),
        ("2026-12-14 15:00", 2, "2026-12-14 12:00"),
        ("2026-12-28 00:00", 1, "2026-12-24 17:00"),
    ],
)
def test_time_is_counted_backwards_from_a_date(end: str, hours: int, expected: str) -> None:
    """Two working hours before Monday morning are Friday afternoon."""
    assert clock(before(OFFICE, at(end), hours * HOUR)) == expected


def test_a_night_shift_is_as_long_as_the_night_is() -> None:
    """In March one hour of the night does not exist, in October one comes twice."""
    assert clock(after(NIGHTS, at("2026-03-28 22:00"), 7 * HOUR)) == "2026-03-29 22:00"
    assert clock(after(NIGHTS, at("2026-10-24 22:00"), 8 * HOUR)) == "2026-10-25 05:00"
    assert clock(after(NIGHTS, at("2026-10-25 22:00"), 8 * HOUR)) == "2026-10-26 22:00"


def test_hours_that_do_not_exist_are_not_worked() -> None:
    """A period inside the hour that is left out is none, and one that begins in it does not overlap the next."""
    gap = WorkingTime(BERLIN, ((Hours(120, 165), Hours(165, 240)),) * 7)
    found = list(gap.periods(date(2026, 3, 29)))
    assert [clock(period.start) for period in found] == ["2026-03-29 03:00", "2026-03-29 03:45"]
    assert found[0].end <= found[1].start


def test_absences_are_not_worked() -> None:
    """They are cut out of the hours."""
    gone = (
        Period(at("2026-12-14 08:00"), at("2026-12-14 10:00")),
        Period(at("2026-12-14 11:00"), at("2026-12-15 12:00")),
    )
    work = WorkingTime(BERLIN, WEEK, away=gone)
    assert clock(next_working(work, at("2026-12-14 09:00"))) == "2026-12-14 10:00"
    assert clock(after(work, at("2026-12-14 10:00"), HOUR)) == "2026-12-15 12:00"


def test_who_never_works_has_no_next_moment() -> None:
    """The search ends."""
    never = WorkingTime(BERLIN, ((),) * 7)
    assert next_working(never, 0) is None
    assert before(never, 0, 1) is None
    assert after(OFFICE, 253_402_300_799_999, 400 * HOUR) is None


_HOURS = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda cuts: tuple(Hours(a, b) for a, b in zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "UTC"]).map(ZoneInfo)
_MOMENTS = st.integers(at("2026-01-01 00:00"), at("2027-01-01 00:00"))
_SPANS = st.integers(0, 60 * HOUR)


def _work(
    zone: ZoneInfo, week: list[tuple[Hours, ...]], off: set[date], away: list[tuple[Moment, Moment]]
) -> WorkingTime:
    gone = sorted(Period(min(pair), max(pair)) for pair in away)
    return WorkingTime(zone, (*week, (Hours(480, 1_020),)), dict.fromkeys(off, ()), tuple(gone))


WORK = st.builds(
    _work,
    _ZONES,
    st.lists(_HOURS, min_size=6, max_size=6),
    st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=8),
    st.lists(st.tuples(_MOMENTS, st.integers(0, 72 * HOUR)).map(lambda p: (p[0], p[0] + p[1])), max_size=3),
)


@given(WORK, _MOMENTS, _SPANS, _SPANS)
def test_adding_is_additive_and_lands_in_working_time(work: WorkingTime, start: Moment, a: int, b: int) -> None:
    """Whatever the week, the zone, the holidays and the absences."""
    first = after(work, start, a)
    assert first is not None
    assert first >= start
    assert is_working(work, first)
    assert after(work, first, b) == after(work, start, a + b)


@given(WORK, _MOMENTS, _MOMENTS, _SPANS)
def test_who_starts_later_is_not_done_earlier(work: WorkingTime, one: Moment, other: Moment, span: int) -> None:
    """Counting keeps the order of moments, in both directions."""
    early, late = sorted((one, other))
    assert (after(work, early, span) or 0) <= (after(work, late, span) or 0)
    assert (before(work, early, span + 1) or 0) <= (before(work, late, span + 1) or 0)


@given(WORK, _MOMENTS, st.integers(1, 60 * HOUR))
def test_counting_back_undoes_counting_forward(work: WorkingTime, start: Moment, span: int) -> None:
    """From a working moment there and back again."""
    begun = next_working(work, start)
    assert begun is not None
    done = after(work, begun, span)
    assert done is not None
    back = before(work, done, span)
    assert back is not None
    assert is_working(work, back)
    assert back == begun
