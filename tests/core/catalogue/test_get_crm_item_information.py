"""The rule `get_crm_item_information` (spec 4.36, 3.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.definitions.compiled import schema_for
from automation.items import changes as c
from automation.items import events as e
from automation.items.search_effects import SearchRequested
from automation.reading import FindItem
from automation.search import id_order
from automation.values import Money
from tests.core.spec import TENANT, Story, book_of, deal, pipeline, rule

CONTACTS = m.Fields(
    item_type="contact",
    fields=(
        m.FieldDef(code="city", title="City", type="string"),
        m.FieldDef(code="budget", title="Budget", type="money"),
        m.FieldDef(code="tags", title="Tags", type="list", multiple=True),
    ),
)
DEALS = m.Fields(item_type="deal", fields=(m.FieldDef(code="town", title="Town", type="string"),))
BY_ID = {"field": "id", "op": "eq", "value": "{{field:contact}}"}


def find(filter_: Any = BY_ID, fields: Any = ("name", "city"), item_type: str = "contact", **more: Any) -> m.Rule:
    """Return a rule that reads an item."""
    params = {"item_type": item_type, "filter": filter_, "select_fields": list(fields)}
    return rule("find", "get_crm_item_information", "invoice_sent", params, order=1, **more)


TELL = rule(
    "tell", "add_item_comment", "invoice_sent", {"text": "{{result:find.name}} of {{result:find.city}}"}, order=2
)


def asked(made: m.Rule, **fields: Any) -> tuple[Story, SearchRequested]:
    """Return what the rule asks `history` for."""
    story = deal(CONTACTS, DEALS, made, TELL, **fields).when(c.SaveItem({}, stage="invoice_sent"))
    return story, story.only(SearchRequested)


def flaws(made: m.Rule) -> list[str]:
    """Return the paths of what saving refuses."""
    view = book_of(pipeline(), CONTACTS, DEALS).tenant(TENANT)
    assert view is not None
    with pytest.raises(InvalidParamsError) as error:
        compile_arguments(FindItem, made.params, schema_for(view, "deal", "main", "invoice_sent"))
    return [path for path, _ in error.value.errors]


def test_the_item_that_is_found_is_handed_to_the_next_rule() -> None:
    """One result per field, beside the id and whether there was one."""
    story, search = asked(find(), contact="7")
    story.answer(search, name="Ada", city="London", item_id="7", found=True)

    assert (search.item_type, search.select) == ("contact", ("name", "city"))
    assert story.state.results == {
        "find.name": "Ada", "find.city": "London", "find.item_id": "7", "find.found": True, **_comment(story),
    }  # fmt: skip
    assert story.only(e.CommentAdded).text.text == "Ada of London"


def _comment(story: Story) -> dict[str, Any]:
    return {"tell.comment_id": story.only(e.CommentAdded).comment_id}


def test_an_inserted_value_travels_beside_the_filter_in_its_native_type() -> None:
    """Money stays money, and a text cannot become part of the condition."""
    filter_ = {
        "all": [
            {"field": "budget", "op": "gte", "value": "{{field:amount}}"},
            {"field": "city", "op": "eq", "value": "{{field:town}}"},
            {"field": "tags", "op": "contains", "value": "vip"},
        ]
    }
    _, search = asked(find(filter_), amount=Money(100, "EUR"), town='x" or "1')

    assert search.values == {"budget.0": Money(100, "EUR"), "city.1": 'x" or "1'}
    assert json.loads(search.filter) == {
        "all": [
            {"field": "budget", "op": "gte", "value": {"param": "budget.0"}},
            {"field": "city", "op": "eq", "value": {"param": "city.1"}},
            {"field": "tags", "op": "contains", "value": "vip"},
        ]
    }


def test_a_list_may_be_inserted_for_in() -> None:
    """And mixed with values that were typed."""
    _, search = asked(find({"field": "city", "op": "in", "value": ["Paris", "{{field:town}}"]}), town="Lyon")

    assert search.values == {"city.0": ("Paris", "Lyon")}


def test_nothing_found_completes_with_empty_values() -> None:
    """`found` is false, and a later rule that inserts a value still runs."""
    story, search = asked(find(), contact="7")
    story.answer(search, found=False)

    assert story.state.results["find.found"] is False
    assert "find.name" not in story.state.results
    assert story.only(e.CommentAdded).text.text == " of "


def test_a_search_that_fails_fails_the_rule() -> None:
    """With the code that `history` gives; the next rule runs."""
    story, search = asked(find(), contact="7")
    story.answer(search, "failed", "item_too_large")

    assert story.only(e.RuleRunFailed).reason == "item_too_large"
    assert story.only(e.CommentAdded)


def test_an_answer_that_never_comes_ends_the_rule() -> None:
    """The fate of the search is unknown."""
    story, _ = asked(find(), contact="7")

    assert story.wake().only(e.RuleRunFailed).reason == "delivery_unknown"


def test_an_inserted_value_that_does_not_fit_its_field_fails_the_rule() -> None:
    """A text is no amount."""
    story = deal(CONTACTS, DEALS, find({"field": "budget", "op": "gt", "value": "{{field:town}}"}), town="Rome")
    story.when(c.SaveItem({}, stage="invoice_sent"))

    assert story.only(e.RuleRunFailed).reason == "invalid_value:filter"


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (find(item_type="spaceship"), ["item_type"]),
        (find(item_type="spa_item"), ["item_type"]),
        (find(fields=("name", "height", "creator")), ["select_fields[1]", "select_fields[2]"]),
        (find({"field": "height", "op": "empty"}), ["filter"]),
        (find({"field": "creator", "op": "eq", "value": "ann"}), ["filter"]),
        (find({"field": "city", "op": "gt", "value": "x"}), ["filter"]),
        (find({"field": "city", "op": "eq", "value": "{{field:gone}}"}), ["filter"]),
    ],
    ids=["type", "no SPA type", "fields", "filter", "not kept", "operator", "insertion"],
)
def test_what_saving_refuses(made: m.Rule, paths: list[str]) -> None:
    """Types, fields and comparisons that there are not."""
    assert flaws(made) == paths


@pytest.mark.parametrize("value", ["A1", "{{Orders}}"])
def test_items_are_not_searched_by_their_lists(value: str) -> None:
    """The index holds neither product rows nor orders."""
    assert flaws(find({"field": "orders", "op": "contains", "value": value})) == ["filter"]


@pytest.mark.parametrize("missing", ["item_type", "filter", "select_fields"])
def test_each_parameter_is_required(missing: str) -> None:
    """There is no default of any."""
    made = find()
    params = {name: value for name, value in made.params.items() if name != missing}

    assert missing in flaws(made.model_copy(update={"params": params}))


def test_an_spa_item_is_found_by_its_spa_type() -> None:
    """The type names the smart process."""
    _, search = asked(find({"field": "title", "op": "eq", "value": "Roof"}, ("title",), "spa_item.repair"))

    assert search.item_type == "spa_item.repair"


def test_ids_are_ordered_as_numbers_first() -> None:
    """Then the others as text (spec 1.1)."""
    assert sorted(["b", "10", "9", "a1", "A"], key=id_order) == ["9", "10", "A", "a1", "b"]
