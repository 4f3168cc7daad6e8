"""The action `bp_delete_spa_item` (spec 4.23)."""

from __future__ import annotations

import pytest

from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from tests.core.catalogue.making_world import SPA, begin, failed, refused, results, run, world
from tests.core.spec import action
from tests.core.world import World

TYPE = "bp_delete_spa_item"


def repairs() -> World:
    """Return a deal and a repair."""
    return world().tell(f"{SPA}/7", c.CreateItem({"title": "Fix"}, responsible="boss"))


def test_the_item_is_gone() -> None:
    """In the name of the responsible of the item that the process runs on."""
    made = run(repairs(), TYPE, spa_type="repair", item_id="7")

    assert made.state(f"{SPA}/7").deleted
    (gone,) = made.recorded(f"{SPA}/7", e.ItemDeleted)
    assert (gone.envelope.source, gone.envelope.on_behalf_of) == ("business_process", "ann")
    assert results(made) == {}


@pytest.mark.parametrize("name", ["8", "x" * 300, "a\nb"])
def test_an_unknown_id(name: str) -> None:
    """Whatever it looks like."""
    assert failed(run(repairs(), TYPE, spa_type="repair", item_id=name)) == "item_not_found"


def test_an_item_that_is_gone_already() -> None:
    """It is not there any more."""
    made = run(repairs().tell(f"{SPA}/7", c.DeleteItem()), TYPE, spa_type="repair", item_id="7")

    assert failed(made) == "item_not_found"


def test_without_an_id() -> None:
    """An inserted one may be empty."""
    made = run(repairs(), TYPE, spa_type="repair", item_id="{{field:contact}}")

    assert failed(made) == "missing_value:item_id"


def test_the_item_that_the_process_runs_on() -> None:
    """Its processes end with it, this one included, and its later steps do not run."""
    made = begin(
        repairs(),
        f"{SPA}/7",
        action(TYPE, spa_type="repair", item_id="{{field:id}}"),
        action("bp_wait", interval_days=1),
    )

    assert made.state(f"{SPA}/7").deleted
    (ended,) = made.events(f"{SPA}/7", p.ProcessEnded)
    assert (ended.outcome, ended.cause) == ("cancelled", "item_deleted")
    assert [one.place for one in made.events(f"{SPA}/7", p.StepStarted)] == [TYPE]


def test_what_saving_refuses() -> None:
    """Both are required."""
    assert refused(TYPE, {}) == {"spa_type", "item_id"}
