"""The example company's own tests of its rules and triggers pass, and cover what they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation.definitions.validation import check
from automation.scenarios.judge import judge
from automation.scenarios.model import Scenario
from automation.scenarios.play import TENANT, book_of
from services.cli.definitions.commands.test import difference, read_scenarios
from services.cli.definitions.files import read_files
from services.edge.holidays import with_holidays
from tests.core.spec import CATALOGUE

FOLDER = Path(__file__).parents[1] / "examples" / "company"
FILES = read_files([FOLDER])
CHECKED = check(CATALOGUE, TENANT, {}, with_holidays(FILES.definitions, 1_767_603_600_000))
BOOK = book_of(CATALOGUE, {name: made for name, made in CHECKED.definitions.items() if made})
SCENARIOS, FAULTS = read_scenarios(FILES)


def test_the_definitions_and_their_tests_are_in_order() -> None:
    """Nothing is wrong with them, and there are some."""
    assert (CHECKED.errors, FILES.faults, FAULTS) == ((), [], [])
    assert len(SCENARIOS) >= 8


@pytest.mark.parametrize("scenario", [found for _, found in SCENARIOS], ids=lambda found: found.name)
def test_the_example_company_works_as_its_tests_say(scenario: Scenario) -> None:
    """Each is played in memory, in milliseconds."""
    verdict = judge(BOOK, scenario)
    assert verdict.passed, "\n".join(difference(verdict))
