"""The action `bp_change_company` (spec 4.12); what it shares with 4.11 is tested there."""

from __future__ import annotations

import pytest

from automation.values import Value
from tests.core.catalogue.client_changes import changed, outcome


def test_fields_of_the_company_change() -> None:
    """Those of its own type, one of them new."""
    new = {"definition": {"code": "branch", "title": "Branch", "type": "string", "multiple": True}, "value": ["Wood"]}
    made = changed("company", {"size": "{{field:amount}}", "title": "C"}, new_fields=[new], append_multiple=True)

    assert outcome(made) == ("StepCompleted", "")
    assert made.state("company/x").fields == {"title": "C", "branch": ("Wood",)}


@pytest.mark.parametrize("linked", [None, "gone"])
def test_no_company_is_linked(linked: Value) -> None:
    """None, or one that does not exist."""
    assert outcome(changed("company", {"size": 3}, linked=linked)) == ("StepSkipped", "no_linked_company")


def test_a_value_that_does_not_fit() -> None:
    """The field is named."""
    assert outcome(changed("company", {"day": "{{field:title}}"})) == ("StepFailed", "invalid_value:fields")
