"""What is told step by step: a story is the changes around one client, each a little later than the one before."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Literal, NamedTuple

from automation.envelope import Key, stable_id
from automation.items import changes as c
from automation.items.parts import Link, ProductRow
from automation.items.process_changes import StartProcess
from automation.payments.changes import RegisterOrder
from automation.values import Moment, Money, Personal, Value
from services.cli.demo import calendar
from services.cli.demo.people import SUBJECTS

_ACTIVITIES = (("incoming_email",) * 2, ("incoming_call",) * 2, ("incoming_message", "app"))
"""What clients do, each with the source of the change that tells of it."""


class Plan(NamedTuple):
    """What the generator makes a month from: the same plan gives the same month."""

    changes: int = 30_000
    seed: int = 1
    mark: str = "m"
    """Stands in every id, so that a second run on the same broker is about other items."""
    tenant: str = "acme"

    def random(self, *about: object) -> Random:
        """Return a source of choices for one purpose: what else is chosen does not change it."""
        return Random("/".join(map(str, (self.seed, *about))))  # noqa: S311 - a story, not a secret

    def place(self, key: Key) -> str:
        """Return what names an item in every run of this plan: its key without tenant and mark."""
        return f"{key.item_type}/{key.item_id.removeprefix(f'{self.mark}-')}"


class Step(NamedTuple):
    """One change on its way to `crm.changes` (`items`) or `crm.payments` (`payments`)."""

    at: Moment
    stream: Literal["items", "payments"]
    frame: c.ChangeFrame
    change: Any

    @property
    def key(self) -> Key:
        """The key of the item or payable."""
        return self.frame.key


def frame(plan: Plan, key: Key, at: Moment, number: object, source: str, user: str) -> c.ChangeFrame:
    """Return the frame of a change; its id follows from item and number."""
    change_id = stable_id("demo", plan.seed, key.text, number)
    actor = f"user:{user}" if user else ""
    return c.ChangeFrame(change_id, *key, at, source, actor, 0, "", change_id, 0, 0, b"")


class Story:
    """Collects steps; `at` is the moment of the next one."""

    def __init__(self, plan: Plan, name: object, at: Moment) -> None:
        self.plan = plan
        self.rng = plan.random("story", name)
        self.name = name
        self.at = at
        self.steps: list[Step] = []

    def id(self, part: str = "") -> str:
        """Return an item id of this story."""
        return f"{self.plan.mark}-{self.name}{part}"

    def key(self, item_type: str, part: str = "") -> Key:
        """Return the key of an item of this story."""
        return Key(self.plan.tenant, item_type, self.id(part))

    def chance(self, share: float) -> bool:
        """Say yes in so many of all cases."""
        return self.rng.random() < share

    def wait(self, hours: float) -> Story:
        """Let about so many hours pass, and then it is a working hour."""
        self.at = calendar.later(self.rng, self.at, hours)
        return self

    def create(
        self, key: Key, fields: Mapping[str, Value], user: str, source: str = "manual", *,
        pipeline: str = "", stage: str = "", rows: tuple[ProductRow, ...] = (), links: tuple[Link, ...] = (),
    ) -> None:  # fmt: skip
        """Create an item for which `user` is responsible."""
        shown = {code: value for code, value in fields.items() if value not in (None, "")}
        self._item(key, c.CreateItem(shown, pipeline, stage, user, (), rows, links), source, user)

    def save(self, key: Key, user: str, fields: Mapping[str, Value] | None = None, **more: Any) -> None:
        """Save an item: fields, stage, pipeline, responsible."""
        self._item(key, c.SaveItem(dict(fields or {}), **more), "manual", user)

    def comment(self, key: Key, user: str, text: str) -> None:
        """Write a comment."""
        self._item(key, c.AddComment(Personal(text)), "manual", user)

    def activity(self, key: Key) -> None:
        """Let the client write or call."""
        kind, source = self.rng.choice(_ACTIVITIES)
        said = Personal(self.rng.choice(SUBJECTS))
        self._item(key, c.RecordActivity(f"{self.id()}-{len(self.steps)}", kind, said), source, "")

    def delete(self, key: Key, user: str) -> None:
        """Delete an item."""
        self._item(key, c.DeleteItem(), "manual", user)

    def start(self, key: Key, user: str, template: str, params: Mapping[str, Value]) -> None:
        """Start a business process by hand."""
        self._item(key, StartProcess(template, params), "manual", user)

    def order(self, order_id: str, total: Money, item: Key, rows: tuple[ProductRow, ...]) -> None:
        """Register an order of the web shop."""
        key = Key(self.plan.tenant, "order", order_id)
        self._add("payments", key, RegisterOrder(total, (item.text,), rows), "app", "")

    def _item(self, key: Key, change: c.ItemChange, source: str, user: str) -> None:
        self._add("items", key, change, source, user)

    def _add(self, stream: Literal["items", "payments"], key: Key, change: Any, source: str, user: str) -> None:
        self.at += 1_000
        named = frame(self.plan, key, self.at, f"{self.name}/{len(self.steps)}", source, user)
        self.steps.append(Step(self.at, stream, named, change))
