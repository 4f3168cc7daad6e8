"""The action `bp_change_observers` (spec 4.10)."""

from __future__ import annotations

from typing import Any

import pytest

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.items import changes as c
from automation.items import events as e
from automation.items import process_events as p
from automation.scope import Schema
from services.history.timeline import journal_entries
from tests.core.spec import CATALOGUE, PEOPLE, Story, book_of, pipeline


def changed(operation: str, *observers: str, before: tuple[str, ...] = ("boss",), **more: Any) -> Story:
    """Run the action on a deal with these observers."""
    story = Story(book_of(pipeline(), *PEOPLE, m.Role(id="gone", members=("old",)), m.User(id="eve", name="Eve")))
    story.when(c.CreateItem({"title": "Desk"}, responsible="ann", observers=before))
    return story.run("bp_change_observers", operation=operation, observers=list(observers), **more)


@pytest.mark.parametrize(
    ("operation", "given", "after"),
    [
        ("add", ("user:eve",), ("boss", "eve")),
        ("add", ("user:boss", "user:eve"), ("boss", "eve")),
        ("add", ("department:sales",), ("boss", "ann")),
        ("replace", ("role:responsible", "user:eve"), ("ann", "eve")),
        ("replace", (), ()),
        ("remove", ("user:boss", "user:eve"), ()),
    ],
)
def test_the_list_is_changed(operation: str, given: tuple[str, ...], after: tuple[str, ...]) -> None:
    """People are added behind those there, take their place, or go; the history says so."""
    story = changed(operation, *given)

    assert story.only(e.ObserversChanged) == e.ObserversChanged(("boss",), after)
    assert story.only(p.StepCompleted).results == {}
    (entry,) = [row for one in story.last.events for row in journal_entries(one)]
    assert (entry.field, entry.old, entry.new, entry.on_behalf_of) == ("observers", ("boss",), after, "ann")


@pytest.mark.parametrize(
    ("operation", "given", "before"),
    [
        ("add", ("user:boss",), ("boss",)),
        ("remove", ("user:eve",), ("boss",)),
        ("replace", ("user:boss",), ("boss",)),
        ("replace", (), ()),
        ("remove", ("role:gone",), ("boss",)),
    ],
)
def test_no_change(operation: str, given: tuple[str, ...], before: tuple[str, ...]) -> None:
    """Adding who is there and removing who is not is no error."""
    assert changed(operation, *given, before=before).only(p.StepSkipped).reason == "no_change"


def test_a_dismissed_observer_can_be_removed() -> None:
    """Named one by one, also who is no employee any more."""
    assert changed("remove", "user:old", before=("old", "boss")).state.observers == ("boss",)


@pytest.mark.parametrize("operation", ["add", "replace"])
def test_nobody_is_left_of_those_named(operation: str) -> None:
    """A group of dismissed employees does not empty the list (spec 1.10)."""
    assert changed(operation, "role:gone").only(p.StepFailed).reason == "no_recipient"


def test_nobody_is_inserted() -> None:
    """An inserted value may be empty for a replacement alone."""
    assert changed("add", "{{field:comments}}").only(p.StepFailed).reason == "missing_value:observers"
    assert changed("replace", "{{field:comments}}").state.observers == ()


@pytest.mark.parametrize(("operation", "flawed"), [("add", True), ("remove", True), ("replace", False)])
def test_an_empty_list_is_checked_when_saved(operation: str, flawed: bool) -> None:
    """Only a replacement may name nobody."""
    params = CATALOGUE["bp_change_observers"].params
    if not flawed:
        assert compile_arguments(params, {"operation": operation}, Schema({}))
        return
    with pytest.raises(InvalidParamsError, match="observers: is required"):
        compile_arguments(params, {"operation": operation}, Schema({}))
