"""What is kept of a definition: enough to read it back, and no more than an older release knows."""

from __future__ import annotations

import json

import pytest

from automation.definitions import models as m
from automation.definitions.saved import body_of
from tests.core.spec import PEOPLE, pipeline, rule, trigger

DEFINITIONS = [
    pipeline(),
    *PEOPLE,
    rule("pay", "create_payment_link", "invoice_sent", {"auto_create": True}, delay=300_000),
    trigger("paid", "track_order_payment", "assembly", allow_previous_stage=True),
    m.Settings(),
    m.Rates(base="EUR", rates={"USD": "0.9"}),
]


@pytest.mark.parametrize("made", DEFINITIONS, ids=lambda made: type(made).__name__)
def test_a_body_is_read_back_as_what_was_saved(made: m.Definition) -> None:
    """Whatever was left out is at its default again."""
    assert type(made).model_validate_json(body_of(made)) == made


def test_a_body_names_nothing_that_is_at_its_default() -> None:
    """A worker of a release that does not know an option goes on, as long as nobody uses it."""
    assert json.loads(body_of(rule("tell", "add_item_comment", "new", {"text": "Hello"}))) == {
        "id": "tell", "type": "add_item_comment", "item_type": "deal", "pipeline": "main", "stage": "new",
        "params": {"text": "Hello"},
    }  # fmt: skip


def test_what_is_deleted_has_no_body() -> None:
    """Its record says so by itself."""
    assert body_of(None) == ""
