"""The action `bp_get_crm_item_information` (spec 4.36); what it shares with the rule is tested there."""

from __future__ import annotations

from typing import Any

from automation.items import changes as c
from automation.items.search_effects import SearchRequested
from automation.values import Money
from tests.core.catalogue.making_world import LEADS, begin, refused, world
from tests.core.spec import Story, action, deal, template

TYPE = "bp_get_crm_item_information"
PARAMS: dict[str, Any] = {
    "item_type": "lead",
    "filter": {"field": "id", "op": "eq", "value": "{{iterator}}"},
    "select_fields": ["title", "budget"],
}


def find(step_id: str = "find", value: str = "{{field:contact}}") -> dict[str, Any]:
    """Return the step."""
    return action(TYPE, step_id, **{**PARAMS, "filter": {"field": "id", "op": "eq", "value": value}})


def test_what_is_found_is_handed_to_later_steps() -> None:
    """In its native type."""
    note = action("create_task", "task", title="{{result:find.title}}: {{result:find.budget}}")
    story = deal(LEADS, template(find(), note), contact="7").begin()
    search = story.only(SearchRequested)
    story.answer(search, title="Table", budget=Money(150, "EUR"), item_id="7", found=True)

    assert (search.item_type, search.select, list(search.values.values())) == ("lead", ("title", "budget"), ["7"])
    assert asked_title(story) == "Table: 1.50 EUR"


def test_nothing_found_is_no_failure() -> None:
    """The values are empty, and the process goes on."""
    story = deal(LEADS, template(find(), action("create_task", "task", title="x{{result:find.title}}"))).begin()
    story.answer(story.only(SearchRequested), found=False)

    assert asked_title(story) == "x"


def asked_title(story: Story) -> Any:
    """Return the title of the task that is asked for."""
    (task,) = [event for event in story.events if getattr(event, "question", "") == "create_task"]
    return task.args["title"]


def test_inside_an_iterator() -> None:
    """It finds the item of each round, with the results of that round."""
    loop = {
        "id": "each", "type": "bp_iterator", "source": "{{var:ids}}",
        "steps": [find(value="{{iterator}}"), action("create_task", "task", title="{{result:find.title}}")],
    }  # fmt: skip
    ids = {"code": "ids", "type": "list", "multiple": True, "default": ["7", "8"]}
    story = deal(LEADS, template(loop, variables=[ids])).begin()

    for name in ("7", "8"):
        search = story.only(SearchRequested)
        assert list(search.values.values()) == [name]
        story.answer(search, title=f"No. {name}", item_id=name, found=True)
        (task,) = [event for event in story.events if getattr(event, "question", "") == "create_task"]
        assert task.args["title"] == f"No. {name}"
        story.answer(task, task_id="t")
    assert not story.state.processes


def test_on_a_post_of_the_feed() -> None:
    """Processes of other documents may search, too."""
    made = begin(world("feed_item/1").tell("feed_item/1", c.SaveItem({"contact": "7"})), "feed_item/1", find())

    assert [type(sent) for sent in made.asked] == [SearchRequested]


def test_what_saving_refuses() -> None:
    """As the rule does; outside of an iterator there is no value of one."""
    good = {**PARAMS, "filter": {"field": "id", "op": "eq", "value": "7"}}

    assert refused(TYPE, good) == set()
    assert refused(TYPE, PARAMS) == {"filter"}
    assert refused(TYPE, {**good, "item_type": "moon"}) >= {"item_type"}
    assert refused(TYPE, {**good, "select_fields": ["moon"]}) == {"select_fields[0]"}
