"""Functions made from source text, as `dataclasses` does: one per record, map or array, without a call per field.

The text is put together from the kinds of a schema (`string`, `long`, …) and from numbered variables. No text of a
schema gets into it: whatever a schema names reaches the function as an object, under a numbered name of `Source`. The
attributes of dataclasses are the one exception; they come from our classes, and must be identifiers.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from typing import Any


class Source:
    """The source of one function, in the making."""

    def __init__(self, *parameters: str) -> None:
        self._head = f"def made({', '.join(parameters)}):"
        self._lines: list[str] = []
        self._names: dict[str, Any] = {}
        self._variables = 0

    def name(self, known: Any) -> str:
        """Return a name under which the function finds an object."""
        made = f"g{len(self._names)}"
        self._names[made] = known
        return made

    def variable(self) -> str:
        """Return a new local variable."""
        self._variables += 1
        return f"v{self._variables}"

    def add(self, *lines: str, indent: int = 0) -> None:
        """Append lines, indented by so many levels."""
        self._lines += ["    " * (indent + 1) + line for line in lines]

    def compile(self) -> Any:
        """Return the function."""
        scope: dict[str, Any] = dict(self._names)
        text = "\n".join([self._head, *self._lines])
        exec(compile(text, "<codec>", "exec"), scope)  # noqa: S102  see the module's text for what gets into it
        return scope["made"]


def attributes(names: Iterable[str]) -> list[str]:
    """Return the names of fields for use in a source; raises ValueError for one that is no identifier."""
    found = list(names)
    for name in found:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError(f"{name!r} is no name of a field")
    return found
