"""Public holidays are worked out when a calendar is saved, and are part of the definition from then on."""

from __future__ import annotations

from automation.definitions import models as m
from automation.definitions.time_models import Holidays
from automation.definitions.validation import check
from services.edge.holidays import with_holidays
from tests.core.spec import CATALOGUE, TENANT, pipeline

NOW = 1_795_000_000_000
"""November 2026."""
CALENDAR = ("calendar", "company")


def _saved(country: str, subdivision: str = "", now: int = NOW) -> m.Calendar:
    of = Holidays(country=country, subdivision=subdivision, days={"2026-01-02": "invented"})
    made = with_holidays({CALENDAR: m.Calendar(id="company", hours={"mon": ("09:00-17:00",)}, holidays=of)}, now)[
        CALENDAR
    ]
    assert isinstance(made, m.Calendar)
    return made


def _days(made: m.Calendar) -> dict[str, str]:
    assert made.holidays
    return made.holidays.days


def test_the_holidays_of_a_country_and_its_part_are_filled_in_for_years() -> None:
    """Whatever was written there; the International Women's Day is one in Berlin, not in Bavaria."""
    berlin, bavaria = _days(_saved("DE", "BE")), _days(_saved("DE", "BY"))

    assert berlin["2026-12-25"] == "Christmas Day"
    assert "2026-01-02" not in berlin
    assert "2027-03-08" in berlin
    assert "2027-03-08" not in bavaria
    assert (min(berlin)[:4], max(berlin)[:4]) == ("2025", "2036")


def test_saving_again_in_the_same_year_changes_nothing() -> None:
    """So that an apply of the same files has nothing to do."""
    assert _saved("US") == _saved("US", now=NOW + 86_400_000)


def test_an_unknown_place_is_refused() -> None:
    """By the check that every save makes."""
    for made in (_saved("DE", "ZZ"), _saved("XX")):
        flaws = check(CATALOGUE, TENANT, {}, {CALENDAR: made}).errors
        assert [(flaw.path, flaw.rule) for flaw in flaws] == [("holidays", "unknown_holidays")]


def test_what_is_no_calendar_stays_as_it_is() -> None:
    """Deletions and other kinds pass."""
    given = {("pipeline", "main"): pipeline(), CALENDAR: None}
    assert with_holidays(given, NOW) == given
