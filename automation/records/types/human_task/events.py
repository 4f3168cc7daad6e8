"""The events of what people are asked by business processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automation.forms import FormField
from automation.values import Moment, Personal, Value


@dataclass(frozen=True, slots=True)
class HumanTaskOpened:
    """A process asks people, and waits for what they say."""

    kind: str
    """`approval`, `review` or `information`."""
    title: Personal
    text: Personal
    assignees: tuple[str, ...]
    """Employees, as the people of the step were when it began."""
    policy: str
    """`any`, `all` or `vote`."""
    quorum: int
    """Of a vote: how many percent of those asked have to take part."""
    deadline: Moment
    """0 for none."""
    escalate_to: tuple[str, ...]
    """Employees, named groups and departments."""
    escalate_at: Moment
    """0 for never."""
    remind_every: int
    """Milliseconds; 0 for never."""
    form: tuple[FormField, ...]
    item: str
    """`type/id` of the item that the process runs on."""
    step: str
    """`<template>/<step>`."""
    instance_id: str
    asked_by: str
    """The responsible of the item, or `system`."""
    effect_id: str
    run_id: str
    reply_to: str
    """Key of the item that waits for the answer."""


@dataclass(frozen=True, slots=True)
class HumanTaskVoted:
    """An employee said what he or she had to say."""

    by: str
    verdict: str
    """`approved`, `rejected`, `reviewed` or `answered`."""
    comment: Personal
    values: Mapping[str, Value]
    """Of the form, with its defaults."""
    delegated_by: str
    """Whose place it was before."""


@dataclass(frozen=True, slots=True)
class HumanTaskDelegated:
    """Another employee is asked instead."""

    by: str
    to: str
    comment: Personal


@dataclass(frozen=True, slots=True)
class HumanTaskReminded:
    """Those who have not decided are reminded; the notifications are the next events."""


@dataclass(frozen=True, slots=True)
class HumanTaskEscalated:
    """These employees may decide as well, each of them alone; nobody where all of them are gone."""

    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HumanTaskChecked:
    """The daily look at who is still there: those who were dismissed drop out."""

    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HumanTaskClosed:
    """It is over."""

    status: str
    """`approved`, `rejected`, `reviewed`, `answered`, `expired`, `withdrawn` or `no_recipient`."""
    by: str
    """Whose decision settled it; empty where nobody's did."""
    agreed: int
    rejected: int
    asked: int
