"""A form that an employee fills in: typed, checked when it is answered, each field a result."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.compiled_process import results_of
from automation.errors import ChangeRefusedError
from automation.values import Money, Personal, Value
from tests.core.human_world import Asking, wrong
from tests.core.spec import TENANT, action, template

EUR_50 = Money(5_000, "EUR")
FIELDS: list[dict[str, Any]] = [
    {"code": "budget", "title": "Budget", "type": "money", "required": True},
    {"code": "pieces", "type": "int", "default": 3},
    {"code": "colours", "type": "list", "multiple": True, "options": ["red", "blue"]},
    {"code": "when", "type": "date"},
]


def form(**params: Any) -> Asking:
    """Return a world in which Bob or Cid is asked for information."""
    people = ["user:bob", "user:cid"]
    return Asking("request_information", **{"assignees": people, "fields": FIELDS, **params})


def test_whoever_answers_first_answers_for_all() -> None:
    """Each field is a result; defaults count where nothing is filled in."""
    world = form()
    assert world.told()[0] == ("bob", "Please answer: Offer Desk")

    world.says("cid", "answer", "as agreed", budget=EUR_50, colours=("red",))
    assert world.results == {
        "task_id": world.task.key.item_id, "decision": "answered", "decided_by": "cid",
        "comment": Personal("as agreed"), "budget": EUR_50, "pieces": 3, "colours": ("red",), "when": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "missing_value"),
        ({"budget": None}, "missing_value"),
        ({"budget": "much"}, "invalid_field"),
        ({"budget": EUR_50, "pieces": "three"}, "invalid_field"),
        ({"budget": EUR_50, "colours": ("green",)}, "invalid_field"),
        ({"budget": EUR_50, "when": "soon"}, "invalid_field"),
        ({"budget": EUR_50, "size": "L"}, "unknown_field"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(values: dict[str, Value], reason: str) -> None:
    """And the form stays open."""
    world = form()
    with pytest.raises(ChangeRefusedError) as refused:
        world.says("bob", "answer", "", **values)
    assert (refused.value.reason, world.status) == (reason, "open")


def test_without_an_answer_the_fields_are_empty() -> None:
    """Required ones, too."""
    world = form(deadline="1h").wakes()
    assert (world.results["decision"], world.results["budget"], world.results["pieces"]) == ("expired", None, None)


def test_later_steps_read_the_answer_in_its_types() -> None:
    """As they read any result."""
    asking = action("request_information", "ask", title="x", assignees=["user:bob"], fields=FIELDS)
    world = Asking("request_information", template(asking, name="other"), assignees=["user:bob"], fields=FIELDS)
    view = world.book.tenant(TENANT)
    assert view is not None
    (made,) = [one for one in view.current.values() if isinstance(one, m.Template) and one.id == "other"]
    published = results_of(view, made)
    assert {name: published[f"ask.{name}"] for name in ("budget", "pieces", "colours", "decision", "decided_by")} == {
        "budget": "money", "pieces": "int", "colours": "list", "decision": "string", "decided_by": "user",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        (FIELDS, set()),
        ([], {"fields"}),
        ("budget", {"fields"}),
        ([{"code": "x"}], {"fields[0].type"}),
        ([{"code": "x", "type": "colour"}], {"fields[0].type"}),
        ([{"code": "x", "type": "int"}, {"code": "x", "type": "int"}], {"fields"}),
        ([{"code": "x", "type": "int", "multiple": True}], {"fields[0]"}),
        ([{"code": "x", "type": "list"}], {"fields[0]"}),
        ([{"code": "x", "type": "int", "default": "many"}], {"fields[0].default"}),
        ([{"code": "x", "type": "list", "options": ["a"], "default": "b"}], {"fields[0].default"}),
        ([{"code": "comment", "type": "text"}], {"fields"}),
    ],
)
def test_a_form_is_checked_when_it_is_saved(fields: Any, paths: set[str]) -> None:
    """Each path at fault is named."""
    assert wrong("request_information", {"title": "x", "assignees": ["user:bob"], "fields": fields}) == paths
