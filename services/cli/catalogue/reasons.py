"""The reason codes of an entry, read from where its plan is written: nothing has to be listed a second time."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from automation.catalogue import Entry

_OUTCOMES = {"Skipped": "skipped", "Failed": "failed"}
_CORE = "automation."
_NO_PLANS = ("automation.plan", "automation.definitions")
"""What plans are made of and asked by: the reasons of those are of no entry."""


def reasons(entry: Entry) -> tuple[str, ...]:
    """Return `skipped(code)` and `failed(code)` that stand in the entry's file or in a file that it imports."""
    if entry.plan is None:
        return ()
    home = importlib.import_module(entry.plan.__module__)
    found = {code for module in (home, *_imported(home)) for code in _codes(module)}
    return tuple(sorted(found))


def _imported(home: ModuleType) -> Iterator[ModuleType]:
    for node in ast.walk(_tree(home)):
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
            yield from (sys.modules[name] for name in names if name in sys.modules and _may_plan(name))


def _may_plan(name: str) -> bool:
    return name.startswith(_CORE) and not name.startswith(_NO_PLANS)


def _codes(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OUTCOMES and node.args:
            yield from (f"{_OUTCOMES[node.func.id]}({code})" for code in _texts(node.args[0]))


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the text of a literal, of both sides of a choice, of a text with a name in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
        yield str(node.values[0].value) + "…"
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text()) if module.__file__ else ast.Module([], [])
