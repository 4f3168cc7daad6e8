"""What callers write about the life cycle of definitions, dry runs and enrolments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.gateway.bodies import Body, Id, ItemRef, MomentMs

MOST_CHOSEN = 500
FASTEST = 100
"""Items a second that one enrolment may take at most."""


class StatusBody(Body):
    """Which version to put into force; left out: the draft, or what was archived."""

    version: int = Field(default=0, ge=0, lt=2**62)
    author: str = Field(default="", max_length=200)


class CopyBody(Body):
    """Copy the active rules and triggers of a pipeline to another one."""

    item_type: Id
    pipeline: Id
    to_item_type: Id
    to_pipeline: Id
    stages: dict[str, Id] = Field(default_factory=dict, max_length=500)
    """Stage of the first to stage of the second; others are found by id, then by title."""
    rules: list[Id] = Field(default_factory=list, max_length=MOST_CHOSEN)
    triggers: list[Id] = Field(default_factory=list, max_length=MOST_CHOSEN)
    """Only these; all where both lists are empty."""
    status: Literal["draft", "active"] = "draft"
    author: str = Field(default="", max_length=200)


class DryRunBody(Body):
    """The item to try a rule on: one of the log, or one that is described here."""

    item: ItemRef | None = None
    as_of: MomentMs | None = None
    """The item as it was at this moment; left out: as it is."""
    given: dict[str, Any] | None = None
    """`item_type`, and what matters of `id`, `pipeline`, `stage`, `responsible`, `observers`, `fields`, `links` and
    `results`."""
    version: int = Field(default=0, ge=0, lt=2**62)
    """A saved version of the rule; left out: the one in force, else the draft."""
    rule: dict[str, Any] | None = None
    """A rule that is not saved."""


class PreviewBody(Body):
    """How far a preview looks at each item."""

    limit: int = Field(default=20, ge=1, le=50)
    before: Annotated[str, Field(max_length=600)] = ""
    """`next` of the page before."""


class EnrolBody(Body):
    """Whom to enrol, and how fast."""

    version: int = Field(ge=1, lt=2**62)
    """The version that was previewed."""
    item_ids: list[Id] = Field(default_factory=list, max_length=MOST_CHOSEN)
    """Only these; left out: all items that are in the stage now."""
    per_second: int = Field(default=10, ge=1, le=FASTEST)
    user: str = Field(default="", max_length=200)
    """The employee who asks for it; left out: the name of the API key."""
