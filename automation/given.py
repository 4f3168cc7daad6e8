"""An item as somebody describes it, for dry runs and tests of definitions: no log stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from automation.definitions.tenant_view import TenantView
from automation.envelope import Key
from automation.items import changes as c
from automation.items import saves
from automation.items.door import check_frame
from automation.items.evolve import initial
from automation.items.parts import Link
from automation.items.state import ItemState
from automation.items.turn import Origin, Setting, Turn
from automation.values import Moment, Money, Value


class Given(BaseModel):
    """The item; what is left out is as in a new item of its type."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    item_type: str = Field(max_length=200)
    id: str = Field(default="1", min_length=1, max_length=200)
    pipeline: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    responsible: str = Field(default="", max_length=200)
    observers: list[str] = Field(default_factory=list, max_length=500)
    fields: dict[str, Any] = Field(default_factory=dict, max_length=500)
    links: list[dict[str, str]] = Field(default_factory=list, max_length=500)
    """Each with `item_type`, `item_id` and `relation`."""
    results: dict[str, Any] = Field(default_factory=dict, max_length=500)
    """Results of rules of the stage, by `<rule id>.<name>`."""


def value_of(raw: Any) -> Value:
    """Return a value of JSON or YAML as the core holds it: money is `{minor, currency}`, a list a tuple of texts."""
    if isinstance(raw, Mapping) and raw.keys() == {"minor", "currency"}:
        return Money(raw["minor"], raw["currency"])
    if isinstance(raw, list | tuple):
        return tuple(str(part) for part in raw)
    return raw if isinstance(raw, bool | int | float | str) else None


def creation(given: Given) -> c.CreateItem:
    """Return the change that creates the item."""
    links = tuple(Link(one["item_type"], one["item_id"], one.get("relation", "related")) for one in given.links)
    fields = {code: value_of(raw) for code, raw in given.fields.items()}
    return c.CreateItem(fields, given.pipeline, given.stage, given.responsible, tuple(given.observers), (), links)


def state_of(view: TenantView, given: Given, now: Moment) -> ItemState:
    """Return the state of the item, in whose stage no rule has run yet.

    Raises `ChangeRefusedError` for what no item can be: an unknown field, a value that does not fit.
    """
    key = Key(view.tenant, given.item_type, given.id)
    check_frame(c.ChangeFrame("given", *key, now, "manual", "", 0, "", "given", 0, 0, b""))
    origin = Origin(key, "given", now, "manual", "system", "given", "given", 0)
    turn = Turn(initial(), origin, Setting(view, 0, now, ""))
    saves.create(turn, creation(given))
    return turn.state._replace(results={name: value_of(raw) for name, raw in given.results.items()})
