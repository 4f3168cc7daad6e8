"""Processes of one action that reach other items: what they ask is delivered until all is quiet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from automation.definitions import models as m
from automation.definitions.arguments import InvalidParamsError, compile_arguments
from automation.definitions.compiled_process import schema_of
from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from tests.core.spec import CATALOGUE, PEOPLE, TENANT, action, book_of, pipeline, put, template
from tests.core.world import World

SPA = "spa_item.repair"
PLACES = (
    pipeline(),
    m.Pipeline(id="shop", item_type="deal", title="Shop", stages=pipeline().stages),
    pipeline("lead", "leads"),
    pipeline("invoice", "bills"),
    pipeline("quote", "offers"),
    pipeline(SPA, "repairs"),
)
REPAIRS = m.Fields(
    item_type=SPA,
    fields=(
        m.FieldDef(code="deal", title="Deal", type="item"),
        m.FieldDef(code="tags", title="Tags", type="list", multiple=True, options=("red", "blue")),
        m.FieldDef(code="cost", title="Cost", type="money"),
        m.FieldDef(code="pieces", title="Pieces", type="int"),
    ),
)
LEADS = m.Fields(
    item_type="lead",
    fields=(
        m.FieldDef(code="budget", title="Budget", type="money"),
        m.FieldDef(code="pieces", title="Pieces", type="int"),
    ),
)


def world(item: str = "deal/1", *definitions: m.Definition, **fields: Any) -> World:
    """Return the item, for which Ann is responsible."""
    made = World(book_of(*PLACES, *PEOPLE, REPAIRS, LEADS, *definitions))
    return made.tell(item, c.CreateItem({"title": "Desk", **fields}, responsible="ann"))


def run(made: World, type_: str, /, item: str = "deal/1", **params: Any) -> World:
    """Run a process of this one action on the item."""
    return begin(made, item, action(type_, **params))


def begin(made: World, item: str, *steps: Any, depth: int = 0, **more: Any) -> World:
    """Run a process of these steps on the item."""
    name = f"process-{len(made.log)}-{len(made.events(item, p.ProcessStarted))}"
    put(made.book, template(*steps, item_type=item.partition("/")[0], name=name, **more))
    return made.tell(item, StartProcess(name, {}), depth=depth)


def results(made: World, item: str = "deal/1") -> Any:
    """Return what the last step published."""
    return made.events(item, p.StepCompleted)[-1].results


def failed(made: World, item: str = "deal/1") -> str:
    """Return why the one step that failed did."""
    (event,) = made.events(item, p.StepFailed)
    return str(event.reason)


def rows(**values: Any) -> list[dict[str, Any]]:
    """Return rows of field and value."""
    return [{"field": code, "value": value} for code, value in values.items()]


def refused(type_: str, params: dict[str, Any], item_type: str = "deal", also: Iterable[m.Definition] = ()) -> set[str]:
    """Return the paths of what saving a step with these parameters refuses."""
    view = book_of(*PLACES, *PEOPLE, REPAIRS, LEADS, *also).tenant(TENANT)
    assert view is not None
    made = template(action(type_, **params), item_type=item_type)
    try:
        compile_arguments(CATALOGUE[type_].params, params, schema_of(view, made))
    except InvalidParamsError as error:
        return {path for path, _ in error.errors}
    return set()
