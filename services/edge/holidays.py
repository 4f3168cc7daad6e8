"""Public holidays, worked out when a calendar is saved: decisions read them from the definition, and stay the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from holidays import country_holidays

from automation.definitions.models import Calendar, Definition
from automation.definitions.time_models import Holidays
from automation.definitions.validation import DefinitionId
from automation.values import Moment

YEARS_BACK = 1
YEARS_AHEAD = 10
"""How far holidays are worked out from the year of the save on: saving again reaches further."""


def with_holidays(
    changed: Mapping[DefinitionId, Definition | None], now: Moment
) -> dict[DefinitionId, Definition | None]:
    """Return definitions with the holidays of calendars filled in; none for a place that is not known.

    What is not known is found by the check that every save makes.
    """
    year = datetime.fromtimestamp(now / 1000, UTC).year
    years = range(year - YEARS_BACK, year + YEARS_AHEAD + 1)
    return {name: _filled(made, years) for name, made in changed.items()}


def _filled(made: Definition | None, years: range) -> Definition | None:
    if not isinstance(made, Calendar) or made.holidays is None:
        return made
    return made.model_copy(update={"holidays": made.holidays.model_copy(update={"days": _days(made.holidays, years)})})


def _days(of: Holidays, years: range) -> dict[str, str]:
    try:
        found = country_holidays(of.country, subdiv=of.subdivision or None, years=years, language="en_US")
    except NotImplementedError:  # how the library names a country or subdivision that it does not know
        return {}
    return {day.isoformat(): str(found[day]) for day in sorted(found)}
