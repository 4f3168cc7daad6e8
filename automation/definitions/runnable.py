"""What rules, triggers and templates have in common: they run, and have a life cycle (spec 6.3)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from automation.definitions.base import Definition

Status: TypeAlias = Literal["draft", "active", "archived"]


class Runnable(Definition):
    """A definition that runs."""

    id: str
    name: str = Field(default="", max_length=500)
    active: bool = True
    status: Status = "active"
    """A draft stands beside the version in force and does not run; an archived one starts nothing new."""

    @property
    def runs(self) -> bool:
        """Say whether the definition takes part in decisions, kill switches aside."""
        return self.active and self.status == "active"
