"""A deal or lead that others wait for, for the two actions that do (spec 4.28, 4.29)."""

from __future__ import annotations

from typing import Any

from automation.items import changes as c
from automation.items import process_events as p
from automation.items.process_changes import StartProcess
from tests.core.spec import PEOPLE, book_of, pipeline, template
from tests.core.world import World


def world_with(step: dict[str, Any], runs_on: str = "deal", watched: str = "deal") -> World:
    """Return a watched item `w`, and an item `a` on which the process runs."""
    lines = [pipeline(), pipeline("lead", "leads"), pipeline("deal", "other", default=False)]
    world = World(book_of(*lines, *PEOPLE, template(step, item_type=runs_on)))
    world.tell(f"{watched}/w", c.CreateItem({"title": "Watched"}, responsible="ann"))
    return world.tell(f"{runs_on}/a", c.CreateItem({"title": "Asking"}, responsible="ann"))


def start(world: World, item: str = "deal/a") -> World:
    """Start the process."""
    return world.tell(item, StartProcess("process", {}))


def outcome(world: World, item: str = "deal/a") -> list[Any]:
    """Return results of the completed steps and reasons of the failed ones."""
    done: list[Any] = [dict(event.results) for event in world.events(item, p.StepCompleted)]
    return done + [event.reason for event in world.events(item, p.StepFailed)]
