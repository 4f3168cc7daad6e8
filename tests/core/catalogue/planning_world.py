"""Items on which processes plan work: what was planned, and who was told."""

from __future__ import annotations

from typing import Any

from automation.definitions import models as m
from automation.envelope import Key
from automation.items import changes as c
from tests.core.catalogue.test_schedule_client_call import FIELDS, NOW, NY, SETTINGS, TOMORROW
from tests.core.spec import PEOPLE, TENANT, Story, book_of, deal, pipeline

TYPES = ("lead", "deal", "invoice", "quote", "spa_item.car", "contact", "company")
"""One type of each kind of item of a CRM."""


def deal_at(*more: m.Definition, **fields: Any) -> Story:
    """Return a deal in Berlin, the day before its appointment."""
    told = deal(SETTINGS, FIELDS, NY, *more, **{"ring": TOMORROW, **fields})
    told.now = NOW
    return told


def item_of(item_type: str, *more: m.Definition, **fields: Any) -> Story:
    """Return an item of any type, for which Ann is responsible."""
    stages = () if item_type in ("contact", "company") else (pipeline(item_type),)
    story = Story(book_of(*PEOPLE, *stages, *more), Key(TENANT, item_type, "1"))
    story.now = NOW
    return story.when(c.CreateItem({"title": "Desk", **fields}, responsible="ann"))
