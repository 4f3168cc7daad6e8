"""An item of any staged type with a payment trigger on its stage `assembly`."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.envelope import Key
from automation.items import changes as c
from automation.items import effects
from automation.items import events as e
from tests.core.spec import PEOPLE, TENANT, Story, book_of, pipeline, trigger

TYPES = ("lead", "deal", "quote", "spa_item.repair")


def item(kind: str, item_type: str = "deal", *more: m.Definition, stage: str = "new", **settings: Any) -> Story:
    """Return the item before it is paid; settings are those of the trigger."""
    place = {"item_type": item_type, "pipeline": "main"}
    watch = trigger("paid", kind, "assembly", **place, **settings)
    book = book_of(pipeline(item_type), *PEOPLE, watch, *more)
    return Story(book, Key(TENANT, item_type, "1")).when(
        c.CreateItem({"title": "Desk"}, stage=stage, responsible="ann")
    )


def alerts(story: Story) -> list[tuple[str, str]]:
    """Return whom the last turn told what."""
    sent = [event for event in story.events if isinstance(event, effects.NotificationRequested)]
    return [(one.recipient, one.text.text) for one in sent]


def moved(story: Story) -> list[str]:
    """Return the stages entered in the last turn."""
    return [event.to_stage for event in story.events if isinstance(event, e.StageMoved)]


def skipped(story: Story) -> list[str]:
    """Return why triggers did not move the item in the last turn."""
    return [event.reason for event in story.events if isinstance(event, e.TriggerSkipped)]
