"""How long it takes to check a template when it is saved, by its number of steps."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

import automation.actions
import automation.rules
import automation.triggers
from automation.catalogue import Entry, load
from automation.definitions.validation import check, read

_SIZES = (50, 200, 1_000)
_ROUNDS = 5


def run(_chosen: argparse.Namespace) -> str:
    """Measure reading and checking; the best of several rounds."""
    catalogue = load(automation.rules, automation.triggers, automation.actions)
    return "\n".join(["templates that are saved", *(_line(catalogue, size) for size in _SIZES)])


def _line(catalogue: Mapping[str, Entry], size: int) -> str:
    body = _template(size)
    made, flaws = read("template", body)
    if made is None:
        raise ValueError(flaws)
    reading = min(_spent(lambda: read("template", body)) for _ in range(_ROUNDS))
    checking = min(_spent(lambda: check(catalogue, "bench", {}, {("template", "long"): made})) for _ in range(_ROUNDS))
    return f"{size:>9,} steps  {reading:6.1f} ms to read  {checking:6.1f} ms to check"


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1_000


def _template(size: int) -> dict[str, Any]:
    """Return tasks, each with the result of the one before, ten by ten in a branch inside a loop."""
    blocks = []
    for at in range(size // 10):
        tasks = [{"id": f"t{at}_{n}", "type": "create_task", "params": {"title": _title(at, n)}} for n in range(8)]
        held = {"when": {"field": "title", "op": "not_empty"}, "steps": tasks}
        choice = {"id": f"if{at}", "type": "if", "branches": [held]}
        blocks.append({"id": f"loop{at}", "type": "bp_iterator", "source": "{{field:observers}}", "steps": [choice]})
    return {"id": "long", "item_type": "deal", "steps": blocks}


def _title(block: int, number: int) -> str:
    return f"{{{{result:t{block}_{number - 1}.task_id}}}}" if number else "{{Title}} {{iterator}}"
