"""What employees do with what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from automation.values import Personal, Value


@dataclass(frozen=True, slots=True)
class DecideHumanTask:
    """Approve or reject, acknowledge having read, or answer with the values of the form."""

    decision: Literal["approve", "reject", "acknowledge", "answer"]
    comment: Personal = Personal("")  # noqa: RUF009 - frozen
    values: Mapping[str, Value] = field(default_factory=dict)
    """Of an answer, by the codes of the fields."""


@dataclass(frozen=True, slots=True)
class DelegateHumanTask:
    """Let another employee decide instead."""

    to: str
    comment: Personal = Personal("")  # noqa: RUF009 - frozen
