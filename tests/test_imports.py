"""The core is pure: `automation/` imports nothing outward and asks for no clock, chance or log (design section 2)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "automation").rglob("*.py"))
ALLOWED = {"automation", "pydantic", "pydantic_core"}
FORBIDDEN = {
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pickle", "random", "secrets", "select",
    "shelve", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level name of everything that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_core_imports_only_itself_pydantic_and_pure_standard_library(path: Path) -> None:
    """No Kafka, database, clock, logger or chance in the core."""
    found = set(imported(path)) - ALLOWED

    assert found <= sys.stdlib_module_names
    assert not found & FORBIDDEN


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_core_never_awaits_evaluates_or_reads_a_clock(path: Path) -> None:
    """Time, ids and chance are arguments; conditions and insertions are data."""
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Await | ast.AsyncFunctionDef)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"eval", "exec", "open", "print", "__import__", "compile"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert not (node.func.attr in CLOCKS and isinstance(node.func.value, ast.Name))


def _modules(path: Path) -> Iterator[str]:
    """Yield the modules of which a file needs to be loaded itself; what is for type checkers alone is none."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)
            yield node.module


def test_no_modules_of_the_core_import_each_other() -> None:
    """Whatever is read first, everything that it stands on is complete."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in CORE}
    needed = {name: {one for one in _modules(path) if one in names} - {name} for name, path in names.items()}
    packages = {name for name, path in names.items() if path.name == "__init__.py" and not path.read_text().strip()}

    order = TopologicalSorter({name: found - packages for name, found in needed.items()}).static_order()
    assert len(list(order)) >= len(names) - len(packages)
