"""The workload of the comparison in Stagewire's terms: ten rules on five stages, and the changes."""

from __future__ import annotations

from collections.abc import Sequence

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import load
from automation.definitions import models as m
from automation.definitions.book import Book
from automation.definitions.saved import DefinitionSaved
from automation.items.changes import ChangeFrame, CreateItem, ItemChange, SaveItem
from automation.values import Money, Value
from bench.workload import RULES, STAGES, Record
from services.edge.codec import item_changes

TENANT = "northwind-trading"


def definitions(extra_rules: int = 0) -> list[m.Definition]:
    """The pipeline, its fields and rules; items begin on a stage without rules and never enter `extra_rules`'s."""
    stages = tuple(m.Stage(id=stage, title=stage) for stage in ("unused", *STAGES, "idle"))
    fields = m.Fields(item_type="deal", fields=(m.FieldDef(code="note", title="Note", type="string"),))
    listed = [(stage, rule, least) for stage, rules in RULES.items() for rule, least in rules]
    listed += [("idle", f"idle-{number}", number) for number in range(extra_rules)]
    return [
        m.Pipeline(id="main", item_type="deal", title="Sales", stages=stages, default=True),
        fields,
        *(_rule(stage, rule, least) for stage, rule, least in listed),
    ]


def _rule(stage: str, rule: str, least: int) -> m.Rule:
    condition = {"field": "amount", "op": "gte", "value": {"minor": least, "currency": "EUR"}}
    rows = [{"field": "comments", "value": "checked"}]
    return m.Rule(
        id=rule, type="edit_item", item_type="deal", pipeline="main", stage=stage, condition=condition,
        params={"fields": rows},
    )  # fmt: skip


def book(extra_rules: int = 0, more: Sequence[m.Definition] = ()) -> Book:
    """All definitions, as one apply."""
    made = Book(load(automation.rules, automation.triggers, automation.actions))
    listed = [*definitions(extra_rules), *more]
    for at, definition in enumerate(listed):
        kind = next(kind for kind, model in m.MODELS.items() if model is type(definition))
        name = getattr(definition, "id", "deal")
        last = at == len(listed) - 1
        made.apply(
            DefinitionSaved(TENANT, kind, name, 1, 0, "bench", 0, "1", last, False, definition.model_dump_json()), at
        )
    return made


class Encoder:
    """Writes the changes of the workload; the first one of an item creates it."""

    def __init__(self) -> None:
        self._codec = item_changes()
        self._created: set[str] = set()

    def __call__(self, record: Record) -> bytes:
        """The change as bytes."""
        if record["change_id"].endswith("-000000000000"):
            self._created.clear()
        frame = ChangeFrame(
            record["change_id"], record["tenant"], record["item_type"], record["item_id"], record["occurred_at"],
            "rest_api", record["actor"], 0, "", "", 0, 0, b"",
        )  # fmt: skip
        return self._codec.encode(frame, self._change(record))

    def _change(self, record: Record) -> ItemChange:
        fields = {field["name"]: _value(field["name"], field["value"]) for field in record["fields"]}
        if record["item_id"] in self._created:
            return SaveItem(fields, stage=record["stage"])
        self._created.add(record["item_id"])
        return CreateItem(fields, stage=record["stage"] or "")


def _value(name: str, value: str | int) -> Value:
    return Money(value, "EUR") if name == "amount" and isinstance(value, int) else value
