"""The arguments of a question, in the types that a record works with; what is missing or unfit is empty."""

from __future__ import annotations

from automation.items.changes import AskItem
from automation.values import Moment, plain


def text_of(asked: AskItem, name: str) -> str:
    """Return a text, without its personal mark."""
    value = plain(asked.args.get(name))
    return value if isinstance(value, str) else ""


def texts_of(asked: AskItem, name: str) -> tuple[str, ...]:
    """Return a list of texts, each once."""
    value = asked.args.get(name)
    return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else ()


def moment_of(asked: AskItem, name: str) -> Moment:
    """Return a moment; 0 where it is missing."""
    value = asked.args.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def flag_of(asked: AskItem, name: str) -> bool:
    """Return a yes or no; no where it is missing."""
    return asked.args.get(name) is True
