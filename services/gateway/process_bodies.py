"""What callers write about business processes: starts, controls, batches, dry runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.gateway.bodies import Body, ChangeBase, Id, ItemRef, ItemTypeName, MomentMs
from services.gateway.definition_bodies import FASTEST, MOST_CHOSEN

Params = Annotated[dict[str, Any], Field(max_length=100)]


class StartBody(ChangeBase):
    """Start a template on the item, with the values of its form."""

    template: Id
    params: Params = Field(default_factory=dict)


class ControlBody(ChangeBase):
    """What is to be done with a process."""

    action: Literal["stop", "pause", "resume", "retry", "skip", "set"]
    place: str = Field(default="", max_length=500)
    """Of the step to retry or skip; may be left out where just one step has failed."""
    variables: Params | None = None
    """Of `set`."""
    reason: str = Field(default="", max_length=1_000)
    """Of `stop`."""


class TryStartBody(Body):
    """The item to try a template on: one of the log, or one that is described here."""

    item: ItemRef | None = None
    as_of: MomentMs | None = None
    given: dict[str, Any] | None = None
    """As that of a dry run of a rule."""
    version: int = Field(default=0, ge=0, lt=2**62)
    """A saved version of the template; left out: the one in force, else the draft."""
    params: Params = Field(default_factory=dict)


class IncidentsWanted(Body):
    """Which incidents are meant; what is left out does not count."""

    template: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=200)
    step: str = Field(default="", max_length=200)
    item_type: ItemTypeName | None = None


class IncidentsPreviewBody(IncidentsWanted):
    """How many incidents a preview shows."""

    limit: int = Field(default=20, ge=1, le=200)


class IncidentsResolveBody(IncidentsWanted):
    """Decide on incidents together."""

    action: Literal["retry", "skip", "stop"]
    upto: MomentMs
    """`upto` of the preview: incidents that were raised later are left alone."""
    reason: str = Field(default="", max_length=1_000)
    per_second: int = Field(default=10, ge=1, le=FASTEST)
    user: str = Field(default="", max_length=200)
    """The employee who asks for it; left out: the name of the API key."""


class StartsWanted(Body):
    """The items on which processes start: those of a pipeline and stage, or these."""

    pipeline: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    item_ids: list[Id] = Field(default_factory=list, max_length=MOST_CHOSEN)
    params: Params = Field(default_factory=dict)


class StartsPreviewBody(StartsWanted):
    """How many items a preview tries."""

    limit: int = Field(default=20, ge=1, le=50)


class StartsBody(StartsWanted):
    """Start processes on many items."""

    version: int = Field(ge=1, lt=2**62)
    """The version that was previewed."""
    per_second: int = Field(default=10, ge=1, le=FASTEST)
    user: str = Field(default="", max_length=200)
