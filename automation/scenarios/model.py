"""How a test of definitions is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from automation.definitions.base import duration_ms
from automation.given import Given

MOST_STEPS = 200


class _Written(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Save(_Written):
    """Somebody saves the item."""

    fields: dict[str, Any] = Field(default_factory=dict)
    stage: str | None = None
    pipeline: str | None = None
    responsible: str | None = None
    observers: list[str] | None = None
    source: str = "manual"
    user: str = ""


class Answer(_Written):
    """The calls of a rule, or of the steps of processes that have this id, are answered."""

    rule: str = ""
    step: str = ""
    """`<template>/<step>`."""
    status: Literal["completed", "skipped", "failed"] = "completed"
    reason: str = ""
    results: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Answer:
        if bool(self.rule) == bool(self.step):
            raise ValueError("an answer is one for a rule or for a step")
        return self


class Start(_Written):
    """Somebody starts a process by hand."""

    template: str
    params: dict[str, Any] = Field(default_factory=dict)
    user: str = ""


class Control(_Written):
    """Somebody stops, pauses or resumes the processes of a template, sets variables, or retries or skips a step."""

    template: str
    action: Literal["stop", "pause", "resume", "retry", "skip", "set"]
    step: str = ""
    variables: dict[str, Any] = Field(default_factory=dict)
    reason: str = ""


class Payment(_Written):
    """A payment document of the item, or of an order linked to it, takes a new state."""

    status: Literal["unpaid", "paid", "voided"] = "paid"
    payment_id: str = "payment-1"
    order_id: str = ""
    amount: dict[str, Any] = Field(default_factory=lambda: {"minor": 0, "currency": "EUR"})


class InvoicePaid(_Written):
    """An invoice that is linked to the item becomes paid."""

    invoice_id: str = "invoice-1"
    amount: dict[str, Any] = Field(default_factory=lambda: {"minor": 0, "currency": "EUR"})
    fields: dict[str, Any] = Field(default_factory=dict)


class Activity(_Written):
    """The client does something (spec 1.16)."""

    kind: str
    subject: str = ""


class Step(_Written):
    """One thing that happens: just one of these is given."""

    create: dict[str, Any] | None = Field(default=None, max_length=0)
    """The item is created now, so that the rules of its first stage run; the first step alone may say so."""
    save: Save | None = None
    delete: Literal[True] | None = None
    comment: str | None = None
    activity: Activity | None = None
    payment: Payment | None = None
    invoice_paid: InvoicePaid | None = None
    start: Start | None = None
    control: Control | None = None
    answer: Answer | None = None
    wait: Annotated[int, BeforeValidator(duration_ms), Field(gt=0)] | None = None
    """Time goes by, and what is due happens."""

    @model_validator(mode="after")
    def _one(self) -> Step:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a step is just one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def what(self) -> tuple[str, Any]:
        """The name of what happens, and its content."""
        (name,) = self.model_fields_set
        return name, getattr(self, name)


class Expected(_Written):
    """What is to come of the steps; what is left out may be anything."""

    stage: str | None = None
    pipeline: str | None = None
    responsible: str | None = None
    fields: dict[str, Any] | None = None
    """Those that are named; `null` for an empty one."""
    outcomes: dict[str, str] | None = None
    """By `rule/<id>`, `trigger/<id>`, `process/<template>` and `step/<template>/<step>`, the last one counts:
    `completed`, `skipped(<code>)`, `failed(<code>)`, `cancelled(<cause>)`, `running`, `waiting`, `moved`, of processes
    `paused`, `not_started(<code>)`, of steps `incident(<code>)`, `retrying`, `held`, `branch(<title or number>)`,
    `rounds(<number>)`; or `none` where it did nothing."""
    variables: dict[str, Any] | None = None
    """Of processes, by `<template>/<code>`."""
    results: dict[str, Any] | None = None
    """Of steps, by `<template>/<step>.<name>`."""
    effects: list[dict[str, Any]] | None = None
    """All calls in order, each with its `type` and the fields that matter; an empty list for none."""
    comments: list[str] | None = None
    """All comments that were added, in order."""


class Scenario(_Written):
    """One test."""

    name: str = Field(min_length=1, max_length=500)
    item: Given
    at: int = 1_767_603_600_000
    """When it begins, in milliseconds since the epoch; Monday, 5 January 2026, 9:00 UTC unless said otherwise."""
    when: list[Step] = Field(min_length=1, max_length=MOST_STEPS)
    then: Expected

    @model_validator(mode="after")
    def _check(self) -> Scenario:
        if any(step.create is not None for step in self.when[1:]):
            raise ValueError("when: an item is created in the first step or not at all")
        return self
