"""Models of time: calendars with working hours and holidays, and the delays of rules (spec 1.4, 1.10)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from automation.definitions.base import Code, Definition, Duration, Id, duration_ms


def working_ms(text: object) -> int:
    """Read `90s`, `5m` or `2h` of working time; raises `ValueError` for days, whose length in hours is unsaid."""
    if isinstance(text, str) and ("d" in text or "w" in text):
        raise ValueError("working time is given in h, m and s, not in days or weeks")
    return duration_ms(text)


def _day(text: str) -> str:
    if len(text) != 10 or not date.fromisoformat(text):
        raise ValueError("a day is written 2026-12-24")
    return text


def _hours(text: str) -> str:
    found = _HOURS.fullmatch(text)
    if found is None or found[1] >= found[2]:
        raise ValueError(f"hours {text[:40]!r} are not of the form 09:00-18:00, the end after the start, at most 24:00")
    return text


def _in_order(hours: tuple[str, ...]) -> tuple[str, ...]:
    if any(one.partition("-")[2] > following for one, following in pairwise(hours)):
        raise ValueError("hours of a day follow each other and do not overlap")
    return hours


_HOURS = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d|24:00)")
Day: TypeAlias = Annotated[str, AfterValidator(_day)]
DayHours: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_hours)], ...], Field(max_length=24), AfterValidator(_in_order)
]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Holidays(Definition):
    """The public holidays of a country or a part of it; `days` are worked out when the calendar is saved."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    """ISO 3166-1."""
    subdivision: str = Field(default="", max_length=20)
    """The part after the dash of ISO 3166-2: `BE` of `DE-BE`."""
    days: dict[Day, str] = Field(default_factory=dict, max_length=2_000)


class Calendar(Definition):
    """Working time: that of the company under the id `company`, and those that employees name."""

    id: Id
    name: str = Field(default="", max_length=500)
    time_zone: str = ""
    """Empty: the platform's, and for an employee his or her own."""
    hours: dict[Weekday, DayHours]
    holidays: Holidays | None = None
    days_off: tuple[Day, ...] = Field(default=(), max_length=2_000)
    special_days: dict[Day, DayHours] = Field(default_factory=dict, max_length=2_000)
    """Days with hours of their own, holiday or not."""

    @model_validator(mode="after")
    def _check(self) -> Calendar:
        if not any(self.hours.values()):
            raise ValueError("hours: nobody ever works")
        return self


WorkingSpan: TypeAlias = Annotated[int, BeforeValidator(working_ms), Field(gt=0, le=1_000 * 3_600_000)]
Clock: TypeAlias = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]
WhoseTime: TypeAlias = Literal["company", "responsible"]
"""Whose working time counts: the company's, or that of the item's responsible."""


class WorkingDelay(Definition):
    """Wait for so much working time, counted from the rule's turn (spec 1.4 `delay`)."""

    working: WorkingSpan
    calendar: WhoseTime = "company"


class FieldDelay(Definition):
    """Wait until, or until some time before or after, the date in a field; the wait follows the field."""

    field: Code
    before: Duration = 0
    after: Duration = 0
    at: Clock = ""
    """Clock time on the day of a date field; its beginning if empty."""
    working: bool = False
    """`before` and `after` are working time."""
    calendar: WhoseTime = "company"

    @model_validator(mode="before")
    @classmethod
    def _check_units(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("working") is True:
            for name in ("before", "after"):
                working_ms(given.get(name, 0))
        return given

    @model_validator(mode="after")
    def _check(self) -> FieldDelay:
        if self.before and self.after:
            raise ValueError("after: either before or after the date")
        return self


def _delay_kind(given: Any) -> str:
    if isinstance(given, FieldDelay) or (isinstance(given, Mapping) and "field" in given):
        return "at_field"
    return "in_working_time" if isinstance(given, Mapping | WorkingDelay) else "plain"


Delay: TypeAlias = Annotated[
    Annotated[Duration, Tag("plain")]
    | Annotated[WorkingDelay, Tag("in_working_time")]
    | Annotated[FieldDelay, Tag("at_field")],
    Discriminator(_delay_kind),
]
