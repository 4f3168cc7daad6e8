"""A details template and products as people write them (examples/company/records.yaml)."""

from __future__ import annotations

from pathlib import Path

from automation.definitions.models import Price
from automation.definitions.validation import check
from services.cli.definitions.files import read_files
from tests.core.spec import CATALOGUE

EXAMPLE = Path(__file__).parents[2] / "examples" / "company" / "records.yaml"


def test_the_example_is_read_and_may_be_saved() -> None:
    """`kind:` stands beside the body, so a template says otherwise what kind of client it is of."""
    files = read_files([EXAMPLE])

    assert files.faults == []
    assert files.definitions["details_template", "firm"].entity == "company"  # type: ignore[attr-defined]
    assert files.definitions["product", "assembly"].price == Price(minor=12_000, currency="EUR")  # type: ignore[attr-defined]
    assert check(CATALOGUE, "acme", {}, files.definitions).errors == ()
