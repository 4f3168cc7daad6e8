"""The action `bp_edit_spa_item` (spec 4.26)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.values import Money
from tests.core.catalogue.making_world import SPA, failed, refused, results, rows, run, world
from tests.core.spec import rule
from tests.core.world import World

TYPE = "bp_edit_spa_item"


def repairs(**fields: Any) -> World:
    """Return a deal with these fields, and a repair."""
    greet = rule("greet", "add_item_comment", "won", {"text": "Done"}, item_type=SPA, pipeline="repairs")
    old = {"title": "Fix", "tags": ("red",), "pieces": 3}
    return world("deal/1", greet, **fields).tell(f"{SPA}/7", c.CreateItem(old, responsible="boss"))


def edit(made: World, **values: Any) -> World:
    """Edit the repair 7."""
    return run(made, TYPE, spa_type="repair", item_id="7", fields=rows(**values))


def test_fields_are_changed() -> None:
    """A multiple one is overwritten, an empty value clears; it is journalled as a change of the process."""
    made = edit(repairs(amount=Money(5, "EUR")), tags=["blue"], cost="{{field:amount}}", pieces="{{field:company}}")

    state = made.state(f"{SPA}/7")
    assert (state.fields["tags"], state.fields["cost"], state.fields["pieces"]) == (("blue",), Money(5, "EUR"), None)
    (changed,) = made.recorded(f"{SPA}/7", e.FieldsChanged)
    assert (changed.envelope.source, changed.envelope.on_behalf_of) == ("business_process", "ann")
    assert results(made) == {}


def test_the_stage_may_be_set() -> None:
    """It is a stage entry: its rules see the new values."""
    made = edit(repairs(), title="Fixed", stage="won")

    assert (made.state(f"{SPA}/7").stage, made.state(f"{SPA}/7").fields["title"]) == ("won", "Fixed")
    assert len(made.events(f"{SPA}/7", e.CommentAdded)) == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": "New", "stage": "moon"}, "invalid_value:stage"),
        ({"title": "New", "pieces": "{{field:title}}"}, "invalid_value:pieces"),
        ({"title": "New", "tags": ["{{field:title}}"]}, "invalid_value:tags"),
    ],
)
def test_all_of_it_or_nothing(values: dict[str, Any], reason: str) -> None:
    """The field is named."""
    made = edit(repairs(), **values)

    assert failed(made) == reason
    assert made.state(f"{SPA}/7").fields["title"] == "Fix"


@pytest.mark.parametrize(("name", "reason"), [("8", "item_not_found"), ("{{field:contact}}", "missing_value:item_id")])
def test_an_item_that_is_not_there(name: str, reason: str) -> None:
    """Unknown, or not named."""
    made = run(repairs(), TYPE, spa_type="repair", item_id=name, fields=rows(title="x"))

    assert failed(made) == reason


def test_what_saving_refuses() -> None:
    """At least one row, of a field of the smart process."""
    assert refused(TYPE, {"spa_type": "repair", "item_id": "7", "fields": []}) == {"fields"}
    assert refused(TYPE, {"spa_type": "repair", "item_id": "7", "fields": rows(budget=1)}) == {"fields[0]"}
    assert refused(TYPE, {"spa_type": "repair", "item_id": "7", "fields": rows(pipeline="x")}) == {"fields[0]"}
