"""What employees say when a business process asks them: pure, drawn from the seed."""

from __future__ import annotations

from random import Random

from automation.envelope import Key
from automation.items.human_events import PeopleAsked
from automation.records.types.human_task.changes import DecideHumanTask
from automation.values import Moment, Personal
from services.cli.demo import calendar, people
from services.cli.demo.story import Plan, Step, frame

_SILENT, _AGAINST = 0.2, 0.15


def decision(plan: Plan, item: Key, asked: PeopleAsked, at: Moment) -> tuple[Step, ...]:
    """Return what one of those who were asked says some hours later; nothing of those who leave it lying."""
    rng = plan.random("decision", plan.place(item), asked.kind)
    if rng.random() < _SILENT:
        return ()
    task, user = Key(item.tenant, "human_task", asked.task_id), rng.choice(asked.assignees)
    said_at = calendar.later(rng, at, 8)
    return (Step(said_at, "items", frame(plan, task, said_at, "said", "manual", user), _said(rng, asked.kind)),)


def _said(rng: Random, kind: str) -> DecideHumanTask:
    if kind == "information":
        return DecideHumanTask("answer", values={"floor": rng.randint(0, 6), "lift": rng.random() < 0.5})
    if rng.random() < _AGAINST:
        return DecideHumanTask("reject", Personal(rng.choice(people.REASONS)))
    return DecideHumanTask("approve")
