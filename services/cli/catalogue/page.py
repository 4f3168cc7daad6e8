"""The reference page of the catalogue (`docs/reference/catalogue.md`), drawn from its entries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import yaml

from automation.catalogue import Entry
from automation.definitions.process_models import PROCESSED
from automation.described import Parameter, example, parameters
from automation.envelope import CRM_ALL, STAGED
from services.cli.catalogue.reasons import reasons

_INTRODUCTION = """# Catalogue

Every trigger, rule and action of this release: what it is for, what it takes, what it publishes, how it may end.
Drawn from the catalogue by `stagewire catalogue docs --write`; the same as JSON is `GET /v1/catalogue`, and
`stagewire catalogue show ID` prints one entry.

What all rules and triggers take besides (stage, condition, order, delay, on whose behalf) is in
[definitions](definitions.md). Texts take inserted values such as `{{field:title}}` and `{{result:rule-id.name}}`.
A required value that is empty at run time ends in `failed(missing_value:<param>)`, one that does not fit in
`failed(invalid_value:<param>)`; `failed(internal_error)`, `failed(delivery_unknown)` and `failed(item_too_large)` can
end any of them.
"""
_KINDS = {"trigger": "Triggers", "rule": "Rules", "action": "Process actions"}
_SETS = {
    tuple(STAGED): "items with stages",
    tuple(CRM_ALL): "all items",
    PROCESSED: "all items, feed items and drive files",
}


def page(catalogue: Mapping[str, Entry]) -> str:
    """Return the whole page as Markdown."""
    parts = [_INTRODUCTION]
    for kind, title in _KINDS.items():
        own = sorted((e for e in catalogue.values() if e.kind == kind), key=lambda e: (e.group, e.id))
        if own:
            parts.append(f"## {title}\n")
        for group, entries in groupby(own, key=lambda e: e.group):
            parts.append(f"### {group_title(group)}\n")
            parts += [section(entry) for entry in entries]
    return "\n".join(parts)


def section(entry: Entry) -> str:
    """Return the part of one entry."""
    return "\n".join(_lines(entry))


def group_title(group: str) -> str:
    """Return a group's name for people."""
    return group.replace("_", " ").capitalize()


def suits(entry: Entry) -> str:
    """Return the item types in words."""
    return _SETS.get(tuple(entry.types)) or ", ".join(entry.types)


def _lines(entry: Entry) -> Iterator[str]:
    yield f"#### `{entry.id}` — {entry.title}\n"
    also = " Processes may use it as a step, too." if entry.also_step else ""
    yield f"{entry.description} For {suits(entry)}.{also} Specification {entry.spec}.\n"
    if found := parameters(entry):
        yield from _table(("parameter", "type", "required", "default", "limits"), [_row(one) for one in found])
    else:
        yield "No parameters of its own.\n"
    if entry.results:
        yield from _table(("result", "type"), [(f"`{name}`", kind) for name, kind in entry.results.items()])
    if entry.publishes:
        yield "More results follow from the parameters: one for each field chosen.\n"
    if codes := reasons(entry):
        yield "Reasons: " + ", ".join(f"`{code}`" for code in codes) + ".\n"
    yield "```yaml"
    yield yaml.safe_dump(example(entry), sort_keys=False, allow_unicode=True, width=110) + "```\n"


def _row(one: Parameter) -> Sequence[str]:
    kind = f"list of {one.type}" if one.many else one.type
    if one.allowed:
        values = " · ".join(f"`{value}`" for value in one.allowed)
        kind = f"list of {values}" if one.many else values
    return f"`{one.name}`", kind, "yes" if one.required else "no", _default(one.default), one.limits


def _default(value: Any) -> str:
    return "" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row).rstrip() + " |"
    yield ""
